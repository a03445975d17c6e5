// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#include "video/camera/camera_system.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace mobilenet {
namespace {

class RealSystem final : public CameraSystem {
 public:
  int open(const char* path) override { return ::open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC); }
  int close(int device) override { return ::close(device); }
  int ioctl(int device, unsigned long request, void* argument) override { return ::ioctl(device, request, argument); }
  void* mmap(std::size_t bytes, int device, off_t offset) override {
    return ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, device, offset);
  }
  int munmap(void* memory, std::size_t bytes) override { return ::munmap(memory, bytes); }
  int poll(int device, int milliseconds) override {
    pollfd one{device, POLLIN, 0};
    return ::poll(&one, 1, milliseconds);
  }
};

}  // namespace

CameraSystem& CameraSystem::real() {
  static RealSystem system;
  return system;
}

}  // namespace mobilenet
