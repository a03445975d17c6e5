# TensorFlow Lite's files are FlatBuffers: flatc turns our schemas into headers of the build folder.
set(generated ${CMAKE_CURRENT_BINARY_DIR}/generated)
foreach(schema IN ITEMS tflite metadata)
  set(schema_file ${CMAKE_CURRENT_SOURCE_DIR}/tflite/${schema}.fbs)
  set(header ${generated}/formats/tflite/${schema}_generated.h)
  add_custom_command(OUTPUT ${header} DEPENDS ${schema_file}
                     COMMAND ${MOBILENET_FLATC} --cpp --scoped-enums -o ${generated}/formats/tflite ${schema_file}
                     COMMENT "flatc ${schema}.fbs" VERBATIM)
  target_sources(mobilenet_part_formats PRIVATE ${header})
endforeach()
target_include_directories(mobilenet_part_formats SYSTEM PUBLIC ${generated} ${MOBILENET_FLATBUFFERS_INCLUDE})
target_sources(mobilenet_part_formats PRIVATE tflite/answer_operators.cpp tflite/answer_task.cpp tflite/decisions.cpp tflite/elementwise_operators.cpp
                                    tflite/export_family.cpp tflite/extents.cpp tflite/input_range.cpp tflite/load_tflite.cpp tflite/looks_like.cpp
                                    tflite/metadata.cpp tflite/model_file.cpp tflite/operators.cpp
                                    tflite/packed_files.cpp tflite/picture_decisions.cpp tflite/classifier_task.cpp
                                    tflite/segmenter_task.cpp tflite/shape_operators.cpp
                                    tflite/tensor_table.cpp
                                    tflite/weighted_operators.cpp
  tflite/movement_operators.cpp tflite/dilated_operators.cpp)
if(MOBILENET_WITH_ZIP)
  target_link_libraries(mobilenet_part_formats PUBLIC mobilenet_dependency_zip)
endif()
# The header-only part of FlatBuffers: without this its text parser, which nothing here calls, wants the library.
target_compile_definitions(mobilenet_part_formats PRIVATE FLATBUFFERS_LOCALE_INDEPENDENT=0)
