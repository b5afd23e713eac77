// What a page does by itself, the same in both renderers.

// "On this page" marks the section that is being read. The themes mark a heading as it passes by, so after a jump
// theirs is stale: once the page has come to rest, it is set right here.
(() => {
  const links = [...document.querySelectorAll("#pst-page-toc-nav a.nav-link, #TOC a.nav-link")];
  const sections = links.map(link => [link, document.getElementById(decodeURIComponent(link.hash.slice(1)))])
    .filter(([, place]) => place);
  const top = place => place.getBoundingClientRect().top;

  const mark = () => {
    const head = document.querySelector(".bd-header, #quarto-header");
    const line = (head ? head.getBoundingClientRect().bottom : 0) + 64;
    let [here] = sections.findLast(([, place]) => top(place) <= line) || [];
    if (innerHeight + scrollY >= document.documentElement.scrollHeight - 2) {      // the end can't come up to the line
      const [asked, place] = sections.find(([link]) => link.hash == location.hash) || [];
      if (asked && top(place) > 0 && top(place) < innerHeight) here = asked;
    }
    for (const link of links) {
      link.classList.toggle("active", link == here);
      if (link == here) link.setAttribute("aria-current", "true"); else link.removeAttribute("aria-current");
    }
    for (const entry of document.querySelectorAll("#pst-page-toc-nav .toc-entry"))
      entry.classList.toggle("active", Boolean(here) && entry.contains(here));
  };

  let rest;
  const later = () => { clearTimeout(rest); rest = setTimeout(mark, 150) };
  if (sections.length) for (const event of ["scroll", "hashchange", "resize", "load"]) addEventListener(event, later);
})();

// Messages of errors are sentences: their lines are wrapped, where other output scrolls.
for (const output of document.querySelectorAll(":is(.cell_output, .cell-output) pre"))
  if (/^ *(Why|Try): |^\w+(Error|Warning): /m.test(output.textContent)) output.classList.add("edu-said");
