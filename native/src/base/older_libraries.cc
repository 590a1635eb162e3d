// What the compiler's headers ask of newer C libraries than the addon shall need, defined here, for the addon alone.
#include <new>

extern "C" {

// Reference counts of the C++ library are plain numbers while glibc says that a process has one thread, by a variable that
// came with glibc 2.32. The addon works on several threads: here it says so itself.
extern __attribute__((visibility("hidden"))) char __libc_single_threaded;
char __libc_single_threaded = 0;

// std::__throw_bad_array_new_length(): containers of impossible lengths, by a function that came with GCC 11.
[[noreturn]] __attribute__((visibility("hidden"))) void _ZSt28__throw_bad_array_new_lengthv() { throw std::bad_array_new_length(); }
}
