// Reference counts of the C++ library are plain numbers while glibc says that a process has one thread, by a variable that
// came with glibc 2.32. The addon works on several threads, and shall load with older ones: here it says so itself.
extern "C" {
extern __attribute__((visibility("hidden"))) char __libc_single_threaded;
char __libc_single_threaded = 0;
}
