# Builds for 64-bit ARM with Debian's cross compiler (g++-aarch64-linux-gnu) and runs what was built through qemu
# (qemu-user-static). The header-only libraries come from /usr/include, which that compiler searches last; libraries
# of this machine are never found, so codecs stay out.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)  # GoogleTest asks for C
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64-static -cpu max -L /usr/aarch64-linux-gnu)  # all extensions
