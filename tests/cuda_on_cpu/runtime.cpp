// Runs the threads of a kernel on a CPU, each a fiber, one block after another; says what a GPU would not:
// a race, an address outside of all arrays, a barrier that not all threads reach.
#include <csetjmp>
#include <cstdint>
#include <cstring>
#include <dlfcn.h>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <ucontext.h>
#include <unordered_map>
#include <vector>

struct dim3 { unsigned x, y, z; };
struct Here { dim3 thread, block, blocks, threads; };
struct Region { uintptr_t begin, end, memory; };         // `memory` is where it was allocated: there a sector begins
struct Counts { long requests, lanes, sectors, shared, passes, atomics; };
struct Launch {
    dim3 grid, block;
    int order;                  // of the threads: 0 forward, 1 reverse, 2 one access of each in turn
    int fibers, tables;         // has it barriers; are there addresses in arrays
    int shared_bytes, regions;
    const Region* region;
    Counts* counts;             // or null: nothing is counted
};

extern "C" { Here here; char* dynamic_shared; void kernel_body(void** args); }

enum State { READY, AT_BLOCK, AT_WARP, DONE };
struct Fiber { ucontext_t context; State state; unsigned mask; };
struct Access {                 // who, and after how many barriers
    long block = -1;
    int thread = 0;
    unsigned blocks = 0, warps = 0;
    bool atomic = false;
};
struct Shadow { Access write, reads[2]; };
struct Request { int lanes = 0; std::set<uintptr_t> touched; };

static const size_t STACK = 1 << 16;
static Launch launch;
static void** arguments;
static std::vector<Fiber> fibers;
static std::vector<unsigned> block_syncs, warp_syncs;      // of each thread
static std::vector<uint64_t> slots;                        // what the lanes of a warp show each other
static std::unique_ptr<char[]> stacks;
static size_t stacks_size;
static std::vector<char> dynamic;
alignas(128) static char declared[48 << 10];               // of the arrays in __shared__ memory
static size_t declared_size;
static std::unordered_map<uintptr_t, Shadow> shadows, shared_shadows;
static std::map<std::pair<int, void*>, long> times;        // how often a thread came to a place of the program
static std::map<std::tuple<bool, int, void*, long>, Request> requests;
static std::string failure;
static ucontext_t scheduler;
static jmp_buf plain;
static int now, threads;
static long block_now;
static bool on_fibers, running;

static dim3 place(unsigned t, dim3 size) { return {t % size.x, t / size.x % size.y, t / (size.x * size.y)}; }
static std::string told(dim3 p, dim3 size) {
    std::string x = std::to_string(p.x);
    if (size.y * size.z == 1) return x;
    return "(" + x + ", " + std::to_string(p.y) + ", " + std::to_string(p.z) + ")";
}
static std::string who(long block, int thread) {
    return "thread " + told(place(thread, launch.block), launch.block) + " of block "
        + told(place(block, launch.grid), launch.grid);
}
static void fail(const std::string& what) { if (failure.empty()) failure = what; }

// An array in shared memory; it is asked for once, when its line is first reached.
extern "C" char* shared_memory(size_t size) {
    size_t begin = (declared_size + 15) / 16 * 16;
    if (begin + size > sizeof declared) return fail("more than 48 KiB of shared memory"), declared;
    declared_size = begin + size;
    return declared + begin;
}

// Fibers

static void pass_on() {
    int me = now;
    swapcontext(&fibers[me].context, &scheduler);
    now = me;
    here.thread = place(me, launch.block);
}
static void wait(State state, unsigned mask) {
    if (!on_fibers) return fail("a barrier in a kernel that was taken for one without");
    fibers[now].state = state, fibers[now].mask = mask;
    pass_on();
}
static void stop() {            // this thread can't go on
    if (!on_fibers) longjmp(plain, 1);
    fibers[now].state = DONE;
    pass_on();
}

extern "C" unsigned lane_now() { return now % 32; }
extern "C" void block_barrier() { wait(AT_BLOCK, 0); block_syncs[now]++; }
extern "C" void warp_barrier(unsigned mask) { wait(AT_WARP, mask); warp_syncs[now]++; }
extern "C" void exchange(unsigned mask, void* value, int size, unsigned lane) {
    int from = now / 32 * 32 + lane % 32;
    memcpy(&slots[now], value, size);
    warp_barrier(mask);         // all have written
    if (!(mask >> lane % 32 & 1) || from >= threads)
        fail(who(block_now, now) + " asks a lane that takes no part");
    else memcpy(value, &slots[from], size);
    warp_barrier(mask);         // all have read
}

// What each access is asked

static bool ordered(const Access& before, const Access& after) {
    if (before.block < 0) return true;
    if (before.block != after.block) return false;
    return before.thread == after.thread || before.blocks < after.blocks
        || (before.thread / 32 == after.thread / 32 && before.warps < after.warps);
}
static bool in(uintptr_t p, const void* begin, size_t size) { return p - (uintptr_t)begin < size; }
static bool in_array(uintptr_t p) {
    for (const Region* r = launch.region; r < launch.region + launch.regions; r++)
        if (p >= r->begin && p < r->end) return true;
    return false;
}
static bool in_shared(uintptr_t p) {
    return in(p, declared, sizeof declared) || in(p, dynamic.data(), dynamic.size());
}
static bool own(uintptr_t p) {  // a local variable, or a constant of the program
    char local;
    Dl_info info;
    return in(p, &here, sizeof here) || in(p, stacks.get(), stacks_size)
        || in(p, &local - (1 << 22), 1 << 23) || dladdr((void*)p, &info);
}
// What a warp asks for at once: its threads that come to one place of the program, each for the same time. Of an
// array's memory it gets whole sectors of 32 bytes; shared memory has 32 banks, and a bank gives a word at a time.
static void counted(uintptr_t p, int size, bool shared, bool atomic, void* place) {
    Request& request = requests[{shared, now / 32, place, times[{now, place}]++}];
    request.lanes++;
    launch.counts->atomics += atomic;
    uintptr_t unit = shared ? 4 : 32, memory = 0;
    for (int i = 0; i < launch.regions; i++)
        if (p >= launch.region[i].begin && p < launch.region[i].end) memory = launch.region[i].memory % 32;
    for (uintptr_t one = (p - memory) / unit; one <= (p - memory + size - 1) / unit; one++) request.touched.insert(one);
}
static void count_block() {
    Counts& sum = *launch.counts;
    for (auto& [key, request] : requests) {
        if (std::get<0>(key)) {
            long words[32] = {}, most = 0;
            for (uintptr_t word : request.touched) if (++words[word % 32] > most) most = words[word % 32];
            sum.shared++, sum.passes += most;
        }
        else sum.requests++, sum.lanes += request.lanes, sum.sectors += request.touched.size();
    }
    requests.clear(), times.clear();
}
static void seen(void* at, int size, bool writes, bool atomic, void* place) {
    uintptr_t p = (uintptr_t)at;
    if (!running) return;
    bool shared = in_shared(p);
    if (!shared && !in_array(p)) {
        if (own(p)) return;
        if (!launch.tables) {
            fail(who(block_now, now) + (writes ? " writes" : " reads") + " outside of all arrays");
            stop();
        }
    }
    if (launch.counts) counted(p, size, shared, atomic, place);
    if (launch.order == 2) pass_on();
    Access me{block_now, now, block_syncs[now], warp_syncs[now], atomic};
    Shadow& shadow = (shared ? shared_shadows : shadows)[p];
    const Access* other = nullptr;
    if (!ordered(shadow.write, me) && !(atomic && shadow.write.atomic)) other = &shadow.write;
    for (Access& read : shadow.reads) if (writes && !ordered(read, me)) other = &read;
    if (other)
        fail(who(block_now, now) + " and " + who(other->block, other->thread)
             + " meet at one address, and no barrier is between them");
    if (writes) shadow.write = me, shadow.reads[0].block = shadow.reads[1].block = -1;
    else shadow.reads[shadow.reads[0].block >= 0 && shadow.reads[0].thread != now] = me;
}

// What the compiler calls where memory is touched
#define PLACE __builtin_return_address(0)
#define SEEN(size)                                                                            \
    void __tsan_read##size(void* at) { seen(at, size, false, false, PLACE); }                 \
    void __tsan_write##size(void* at) { seen(at, size, true, false, PLACE); }                 \
    void __tsan_unaligned_read##size(void* at) { seen(at, size, false, false, PLACE); }       \
    void __tsan_unaligned_write##size(void* at) { seen(at, size, true, false, PLACE); }
extern "C" {
SEEN(1) SEEN(2) SEEN(4) SEEN(8) SEEN(16)
void __tsan_init() {}
void __tsan_func_entry(void*) {}
void __tsan_func_exit() {}
void __tsan_read_range(void* at, size_t size) {
    for (size_t i = 0; i < size; i += 4) seen((char*)at + i, 4, false, false, PLACE);
}
void __tsan_write_range(void* at, size_t size) {
    for (size_t i = 0; i < size; i += 4) seen((char*)at + i, 4, true, false, PLACE);
}
void atomic_access(void* at, int size) { seen(at, size, true, true, PLACE); }
}

// Blocks

static void begin() { kernel_body(arguments); fibers[now].state = DONE; }
static bool released() {        // those for whom all others have come
    int at_block = 0, live = 0;
    for (Fiber& f : fibers) live += f.state != DONE, at_block += f.state == AT_BLOCK;
    if (at_block && at_block == threads) {
        for (Fiber& f : fibers) f.state = READY;
        return true;
    }
    bool any = false;
    for (int t = 0; t < threads; t++) {
        if (fibers[t].state != AT_WARP) continue;
        int first = t / 32 * 32, last = first + 32 < threads ? first + 32 : threads;
        unsigned mask = fibers[t].mask;
        bool all = true;
        for (int o = first; o < last; o++)
            if (mask >> (o - first) & 1) all &= fibers[o].state == AT_WARP && fibers[o].mask == mask;
        if (!all) continue;
        for (int o = first; o < last; o++) if (mask >> (o - first) & 1) fibers[o].state = READY;
        any = true;
    }
    return any;
}
static void run_fibers() {
    for (int t = 0; t < threads; t++) {
        Fiber& f = fibers[t];
        f.state = READY;
        getcontext(&f.context);
        f.context.uc_stack.ss_sp = &stacks[t * STACK], f.context.uc_stack.ss_size = STACK;
        f.context.uc_link = &scheduler;
        makecontext(&f.context, begin, 0);
    }
    for (bool moved = true; moved;) {
        moved = false;
        for (int i = 0; i < threads; i++) {
            int t = launch.order == 1 ? threads - 1 - i : i;
            if (fibers[t].state != READY) continue;
            now = t, here.thread = place(t, launch.block), moved = true;
            swapcontext(&scheduler, &fibers[t].context);
        }
        moved |= released();
    }
    for (int t = 0; t < threads; t++) if (fibers[t].state != DONE) {
        fail(who(block_now, t) + " waits at a barrier that other threads do not reach");
        return;
    }
}
static void run_plainly() {
    if (setjmp(plain)) return;
    for (int i = 0; i < threads; i++) {
        now = launch.order == 1 ? threads - 1 - i : i;
        here.thread = place(now, launch.block);
        kernel_body(arguments);
    }
}

extern "C" const char* run_kernel(const Launch* given, void** args) {
    launch = *given, arguments = args, failure.clear(), shadows.clear();
    threads = launch.block.x * launch.block.y * launch.block.z;
    here.blocks = launch.grid, here.threads = launch.block;
    on_fibers = launch.fibers || launch.order == 2;
    block_syncs.assign(threads, 0), warp_syncs.assign(threads, 0), slots.assign(threads + 32, 0);
    if (on_fibers) {
        fibers.resize(threads);
        if (stacks_size < threads * STACK) stacks_size = threads * STACK, stacks.reset(new char[stacks_size]);
    }
    long blocks = (long)launch.grid.x * launch.grid.y * launch.grid.z;
    for (long i = 0; i < blocks && failure.empty(); i++) {
        block_now = launch.order == 1 ? blocks - 1 - i : i;
        here.block = place(block_now, launch.grid);
        shared_shadows.clear();
        dynamic.assign(launch.shared_bytes, '\xff');       // what nobody wrote is NaN
        dynamic_shared = dynamic.data();
        memset(declared, 0xff, sizeof declared);
        running = true;
        if (on_fibers) run_fibers(); else run_plainly();
        running = false;
        if (launch.counts) count_block();
    }
    return failure.c_str();
}
