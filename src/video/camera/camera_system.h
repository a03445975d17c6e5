// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// What a camera needs of the operating system, so that tests can be one. Every call behaves as its namesake: -1 and
// errno where it fails.

#include <sys/types.h>

#include <cstddef>
#include <string>

namespace mobilenet {

class CameraSystem {
 public:
  virtual ~CameraSystem() = default;
  virtual int open(const char* path) = 0;  // for reading and writing, without waiting
  virtual int close(int device) = 0;
  virtual int ioctl(int device, unsigned long request, void* argument) = 0;
  virtual void* mmap(std::size_t bytes, int device, off_t offset) = 0;  // MAP_FAILED where it fails
  virtual int munmap(void* memory, std::size_t bytes) = 0;
  virtual int poll(int device, int milliseconds) = 0;  // for reading; 0: nothing came

  static CameraSystem& real();
};

}  // namespace mobilenet
