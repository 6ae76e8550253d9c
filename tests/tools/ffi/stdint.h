/* SPDX-License-Identifier: MIT */
/* Stands in for the system's headers while tests/tools/ffi.sh reads the library's: a binding knows
 * the types, and whether pointers are padded is all that has to be told. */
#if __SIZEOF_POINTER__ == 4
#define UINTPTR_MAX 0xffffffffu
#else
#define UINTPTR_MAX 0xffffffffffffffffu
#endif
