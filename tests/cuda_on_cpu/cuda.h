// CUDA C as C++: what the text of a kernel needs, to be compiled for a CPU. `runtime.cpp` runs its threads.
// It is compiled with -fsanitize=thread, for which the runtime has functions of its own: so each access to
// memory is seen. What must not be seen stands behind UNSEEN.
#pragma once
#include <cmath>
#include <cstdint>
#include <cstring>
#include <math.h>
#include <type_traits>
#include <utility>

#define UNSEEN __attribute__((no_sanitize("thread"), noinline))
#define __global__
#define __device__
#define __forceinline__ inline
#define __launch_bounds__(...)

struct dim3 { unsigned x, y, z; };
struct Here { dim3 thread, block, blocks, threads; };
extern "C" {
extern Here here;                                        // of the thread that runs
extern char* dynamic_shared;
char* shared_memory(size_t size);       // blocks run one after another, so it may stay the same
void block_barrier();
void warp_barrier(unsigned mask);
void exchange(unsigned mask, void* value, int size, unsigned lane);
unsigned lane_now();
void atomic_access(void* at, int size);
}
#define threadIdx here.thread
#define blockIdx here.block
#define gridDim here.blocks
#define blockDim here.threads

static void __syncthreads() { block_barrier(); }
static void __syncwarp(unsigned mask = ~0u) { warp_barrier(mask); }
static void __threadfence() {}

template <class T> UNSEEN T __shfl_sync(unsigned mask, T value, unsigned lane) {
    exchange(mask, &value, sizeof value, lane);
    return value;
}
template <class T> UNSEEN T __shfl_xor_sync(unsigned mask, T value, unsigned bits) {
    return __shfl_sync(mask, value, lane_now() ^ bits);
}
template <class T> UNSEEN T __shfl_down_sync(unsigned mask, T value, unsigned by) {
    return __shfl_sync(mask, value, lane_now() + by < 32 ? lane_now() + by : lane_now());
}
template <class T> UNSEEN T __shfl_up_sync(unsigned mask, T value, unsigned by) {
    return __shfl_sync(mask, value, lane_now() >= by ? lane_now() - by : lane_now());
}

// An atomic operation gives back what stood there.
template <class T, class F> UNSEEN T atomically(T* at, F change) {
    atomic_access(at, sizeof *at);
    T old = *at;
    *at = change(old);
    return old;
}
template <class T> using Same = std::common_type_t<T>;      // converted to, not deduced
template <class T> UNSEEN T atomicAdd(T* at, Same<T> v) {
    return atomically(at, [=](T old) { return old + v; });
}
template <class T> UNSEEN T atomicMax(T* at, Same<T> v) {
    return atomically(at, [=](T old) { return old < v ? v : old; });
}
template <class T> UNSEEN T atomicMin(T* at, Same<T> v) {
    return atomically(at, [=](T old) { return v < old ? v : old; });
}
template <class T> UNSEEN T atomicExch(T* at, Same<T> v) {
    return atomically(at, [=](T) { return v; });
}
template <class T> UNSEEN T atomicCAS(T* at, Same<T> expected, Same<T> v) {
    return atomically(at, [=](T old) { return old == expected ? v : old; });
}

// Half precision, as a kernel of CuPy's sees it: it is read and written as it is, and computed as a float.
UNSEEN static float widened(uint16_t bits) {
    int exponent = bits >> 10 & 31, digits = bits & 1023;
    float size = exponent == 31 ? digits ? NAN : INFINITY
               : exponent ? ldexpf(digits + 1024, exponent - 25) : ldexpf(digits, -24);
    return bits >> 15 ? -size : size;
}
UNSEEN static uint16_t narrowed(float x) {
    uint16_t sign = std::signbit(x) ? 1 << 15 : 0;
    if (x == 0) return sign;
    if (x != x) return sign | 0x7e00;
    if (fabsf(x) >= 65520) return sign | 0x7c00;      // rounded, it would be more than the largest
    int exponent;
    frexpf(x, &exponent);
    exponent = exponent < -13 ? -13 : exponent;
    return sign | ((exponent + 13) * 1024 + (int)nearbyintf(ldexpf(fabsf(x), 11 - exponent)));
}
struct float16 {
    uint16_t bits;
    float16() {}
    float16(float x) : bits(narrowed(x)) {}
    operator float() const { return widened(bits); }
};

// The inverse of erf: Newton's steps in double, from where the series begins. C has none.
UNSEEN static double erfinv(double y) {
    if (!(fabs(y) < 1)) return fabs(y) == 1 ? copysign(INFINITY, y) : NAN;
    double a = fabs(y), w = -log1p(-a * a), x = w < 4 ? a : sqrt(w);
    for (int step = 0; step < 60; step++) {
        double miss = a < 0.5 ? erf(x) - a : (1 - a) - erfc(x);
        x -= miss * exp(x * x) * 0.88622692545275801 / (1 + x * miss * exp(x * x) * 0.88622692545275801);
    }
    return copysign(x, y);
}
static float erfinv(float y) { return (float)erfinv((double)y); }

template <class T> T __ldg(const T* at) { return *at; }
template <class T> T max(T a, T b) { return a < b ? b : a; }
template <class T> T min(T a, T b) { return b < a ? b : a; }
template <class To, class From> UNSEEN To same_bits(From x) { To y; memcpy(&y, &x, sizeof y); return y; }
static float __int_as_float(int x) { return same_bits<float>(x); }
static int __float_as_int(float x) { return same_bits<int>(x); }
static double __longlong_as_double(long long x) { return same_bits<double>(x); }
static long long __double_as_longlong(double x) { return same_bits<long long>(x); }
static float rsqrt(float x) { return 1 / sqrtf(x); }
static double rsqrt(double x) { return 1 / sqrt(x); }

// How Python starts a kernel: the types of its parameters as text, and a call with pointers to them.
template <class T> constexpr const char* type_of() {
    if (std::is_same_v<T, bool>) return "b1";
    const char* const names[3][4] = {{"i1", "i2", "i4", "i8"}, {"u1", "u2", "u4", "u8"}, {"", "f2", "f4", "f8"}};
    int size = sizeof(T) == 1 ? 0 : sizeof(T) == 2 ? 1 : sizeof(T) == 4 ? 2 : 3;
    return names[std::is_floating_point_v<T> ? 2 : std::is_unsigned_v<T>][size];
}
template <class T> UNSEEN void tell(char* text) {
    using To = std::remove_cv_t<std::remove_pointer_t<T>>;
    if (std::is_pointer_v<T>) strcat(text, "*");
    if (std::is_arithmetic_v<To>) strcat(text, type_of<To>());
    if (std::is_same_v<To, float16>) strcat(text, "f2");
    strcat(text, " ");
}
template <class... A> UNSEEN void tell_types(char* text, void (*)(A...)) {
    (tell<std::remove_cv_t<A>>(text), ...);
}
template <class... A, size_t... I>
UNSEEN void called(void (*kernel)(A...), void** args, std::index_sequence<I...>) {
    kernel(*static_cast<std::remove_cv_t<A>*>(args[I])...);
}
template <class... A> UNSEEN void called(void (*kernel)(A...), void** args) {
    called(kernel, args, std::index_sequence_for<A...>());
}
#define KERNEL(name)                                                                     \
    extern "C" void kernel_types(char* text) { *text = 0; tell_types(text, name); }      \
    extern "C" UNSEEN void kernel_body(void** args) { called(name, args); }
