// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The mobilenet.cpp authors
#pragma once

// The core of the library; draw.h, encode.h, evaluate.h, tracker.h and smoothing.h belong to libraries of their own. A
// complete program:
//
//   #include <mobilenet/mobilenet.h>
//   #include <iostream>
//   int main() try {
//     auto model = mobilenet::Model::open("mobilenet_v2.tflite").value();
//     auto session = model.session().value();
//     auto picture = mobilenet::Image::open("cat.jpg").value();
//     for (auto& answer : session.classify(picture).value()) std::cout << answer.label << ' ' << answer.score << '\n';
//   } catch (const mobilenet::Exception& error) {
//     std::cerr << error.what() << '\n';
//     return 1;
//   }

#include <mobilenet/decision.h>
#include <mobilenet/detector.h>
#include <mobilenet/device.h>
#include <mobilenet/dlpack.h>
#include <mobilenet/image.h>
#include <mobilenet/layers.h>
#include <mobilenet/model.h>
#include <mobilenet/network.h>
#include <mobilenet/preprocess.h>
#include <mobilenet/result.h>
#include <mobilenet/results.h>
#include <mobilenet/session.h>
#include <mobilenet/tensor.h>
#include <mobilenet/threads.h>
#include <mobilenet/version.h>
