// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// MOBILENET_API marks what the shared libraries export, each what it defines; everything else stays hidden. One macro
// serves them all, since visibility is a property of the name and not of who uses it.

#if defined(__GNUC__)
#define MOBILENET_API __attribute__((visibility("default")))
#else
#define MOBILENET_API
#endif
