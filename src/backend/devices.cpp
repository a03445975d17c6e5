// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
// What the public headers say of devices and precisions, read from the table of devices.

#include <mobilenet/device.h>

#include <array>

#include "backend/backend.h"
#include "backend/registry.h"
#include "base/caught.h"
#include "base/error.h"

namespace mobilenet {
namespace {

constexpr std::string_view kAutomatic = "automatic";

constexpr std::array<PrecisionInfo, 7> kPrecisions{
    {{Precision::automatic, "automatic", "the fastest that gives the answers of the file's framework"},
     {Precision::source, "source", "the file's own"},
     {Precision::f32, "f32", "32-bit floats"},
     {Precision::f16, "f16", "float weights in 16-bit floats with sums of 32, on GPUs"},
     {Precision::bf16x3, "bf16x3", "float weights with products of 16 bits, faster on AMX and hardly off"},
     {Precision::bf16, "bf16", "float weights with products in bf16, faster and a little off"},
     {Precision::int8, "int8", "exact integers"}}};

}  // namespace

Result<std::string> hardware_of(Device device) try {
  MOBILENET_TRY(const Backend* const backend, backend_for(device));
  return backend->hardware();
} catch (...) {
  return caught(name_of(device));
}

std::string_view name_of(Device device) {
  if (device == Device::automatic) return kAutomatic;
  for (const DeviceRow& row : device_rows())
    if (row.info.device == device) return row.info.name;
  return "?";
}

std::optional<Device> device_from_name(std::string_view name) {
  if (name == kAutomatic) return Device::automatic;
  for (const DeviceRow& row : device_rows())
    if (row.info.name == name) return row.info.device;
  return std::nullopt;
}

Result<const Backend*> backend_for(Device device) {
  for (const DeviceRow& row : device_rows())
    if (row.info.device == device) return row.backend();
  if (device == Device::automatic)
    return failure(ErrorCode::invalid_argument, "a device is chosen when a session is opened");
  return failure(ErrorCode::invalid_argument, "this build does not have it");
}

std::span<const PrecisionInfo> precisions() { return kPrecisions; }

std::string_view name_of(Precision precision) {
  for (const PrecisionInfo& info : kPrecisions)
    if (info.precision == precision) return info.name;
  return "?";
}

std::optional<Precision> precision_from_name(std::string_view name) {
  for (const PrecisionInfo& info : kPrecisions)
    if (info.name == name) return info.precision;
  return std::nullopt;
}

}  // namespace mobilenet
