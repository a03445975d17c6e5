// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// MOBILENET_API marks what a shared library exports; everything else stays hidden.

#if defined(_WIN32) && defined(MOBILENET_SHARED)
#ifdef MOBILENET_BUILDING
#define MOBILENET_API __declspec(dllexport)
#else
#define MOBILENET_API __declspec(dllimport)
#endif
#elif defined(__GNUC__)
#define MOBILENET_API __attribute__((visibility("default")))
#else
#define MOBILENET_API
#endif
