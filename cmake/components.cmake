# Finds what the build uses. Required: header-only libraries. Optional: codecs and archives; what is missing is left
# out and `mobilenet --version` says so. GLOBAL, because a project that adds this one links through these targets.

find_package(Threads REQUIRED GLOBAL)
find_package(nlohmann_json 3.10 REQUIRED GLOBAL)
find_path(MOBILENET_HIGHWAY_INCLUDE hwy/highway.h REQUIRED)
find_path(MOBILENET_FLATBUFFERS_INCLUDE flatbuffers/flatbuffers.h REQUIRED)
find_program(MOBILENET_FLATC flatc REQUIRED)

# mobilenet_component(NAME HEADER header FOLDER of-it LIBRARIES names... PACKAGE pkg-config-name): sets
# MOBILENET_WITH_<NAME> and, when all of it is found, makes the target mobilenet_dependency_<name>. Its property
# MOBILENET_LINK_NAMES is for those who link the installed static library (cmake/install.cmake). Versions are for
# `mobilenet --version` alone.
find_package(PkgConfig QUIET)
define_property(TARGET PROPERTY MOBILENET_LINK_NAMES)
set(mobilenet_version_definitions "")
function(mobilenet_component name)
  cmake_parse_arguments(arg "" "HEADER;FOLDER;PACKAGE" "LIBRARIES" ${ARGN})
  string(TOLOWER ${name} lower)
  option(MOBILENET_${name} "Use ${lower} where it is found" ON)
  set(found ${MOBILENET_${name}})
  if(found)
    find_path(MOBILENET_${name}_INCLUDE ${arg_HEADER} PATH_SUFFIXES ${arg_FOLDER})
    set(libraries "")
    foreach(library IN LISTS arg_LIBRARIES)
      find_library(MOBILENET_${name}_${library} ${library})
      list(APPEND libraries ${MOBILENET_${name}_${library}})
    endforeach()
    foreach(path IN LISTS MOBILENET_${name}_INCLUDE libraries)
      if(NOT path)
        set(found OFF)
      endif()
    endforeach()
  endif()
  if(found)
    add_library(mobilenet_dependency_${lower} INTERFACE)
    target_include_directories(mobilenet_dependency_${lower} SYSTEM INTERFACE ${MOBILENET_${name}_INCLUDE})
    target_link_libraries(mobilenet_dependency_${lower} INTERFACE ${libraries})
    target_compile_definitions(mobilenet_dependency_${lower} INTERFACE MOBILENET_WITH_${name}=1)
    set_target_properties(mobilenet_dependency_${lower} PROPERTIES MOBILENET_LINK_NAMES "${arg_LIBRARIES}")
    set(version "")
    if(PKG_CONFIG_FOUND)
      execute_process(COMMAND ${PKG_CONFIG_EXECUTABLE} --modversion ${arg_PACKAGE}
                      OUTPUT_VARIABLE version OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
    endif()
    if(NOT version)
      set(version "of unknown version")
    endif()
    list(APPEND mobilenet_version_definitions "MOBILENET_VERSION_OF_${name}=\"${version}\"")
    set(mobilenet_version_definitions "${mobilenet_version_definitions}" PARENT_SCOPE)
  else()
    message(STATUS "mobilenet: built without ${lower}")
  endif()
  set(MOBILENET_WITH_${name} ${found} PARENT_SCOPE)
endfunction()

mobilenet_component(JPEG HEADER jpeglib.h LIBRARIES jpeg PACKAGE libjpeg)
mobilenet_component(PNG HEADER spng.h LIBRARIES spng PACKAGE spng)
mobilenet_component(WEBP HEADER webp/demux.h LIBRARIES webpdemux webp PACKAGE libwebp)
mobilenet_component(ZIP HEADER zip.h LIBRARIES zip PACKAGE libzip)
if(MOBILENET_CLI)
  mobilenet_component(SDL HEADER SDL.h FOLDER SDL2 PACKAGE sdl2)  # the library is looked for at run time
endif()
if(MOBILENET_DRAW)  # when all three are there; without, it says so
  find_file(MOBILENET_FONT DejaVuSans.ttf PATHS /usr/share/fonts /usr/local/share/fonts
            PATH_SUFFIXES truetype/dejavu dejavu dejavu-sans-fonts TTF)
  mobilenet_component(FREETYPE HEADER ft2build.h FOLDER freetype2 LIBRARIES freetype PACKAGE freetype2)
  if(MOBILENET_FONT AND MOBILENET_WITH_FREETYPE)
    mobilenet_component(CAIRO HEADER cairo-ft.h FOLDER cairo LIBRARIES cairo PACKAGE cairo)
    mobilenet_component(FONTCONFIG HEADER fontconfig/fontconfig.h LIBRARIES fontconfig PACKAGE fontconfig)
  endif()
endif()
if(MOBILENET_VIDEO)  # cameras need nothing of it
  mobilenet_component(FFMPEG HEADER libavformat/avformat.h LIBRARIES avformat avcodec swscale avutil PACKAGE libavformat)
endif()

# Kernels for GPUs of NVIDIA: nvcc and cuda.h are for the build alone, the driver is looked for at run time.
option(MOBILENET_CUDA "Build the device cuda where nvcc of CUDA 13 or later is found" ON)
set(MOBILENET_CUDA_ARCHITECTURES "75;80;86;89;90;100;120" CACHE STRING
    "GPUs to compile kernels for, oldest first, as in sm_75; others take PTX of the newest, or of 90")
set(MOBILENET_CUDA_FLAGS "" CACHE STRING "More options for nvcc, such as -ccbin=g++-14")
set(MOBILENET_WITH_CUDA OFF)
if(MOBILENET_CUDA AND CMAKE_SYSTEM_NAME STREQUAL "Linux" AND NOT CMAKE_CROSSCOMPILING)
  set(why "no nvcc was found")
  find_program(MOBILENET_NVCC nvcc PATHS /usr/local/cuda/bin /opt/cuda/bin)
  if(MOBILENET_NVCC)
    execute_process(COMMAND ${MOBILENET_NVCC} --version OUTPUT_VARIABLE nvcc_says ERROR_QUIET)
    string(REGEX MATCH "release ([0-9.]+)" nvcc_release "${nvcc_says}")
    set(nvcc_release "${CMAKE_MATCH_1}")
    file(REAL_PATH ${MOBILENET_NVCC} nvcc_path)
    get_filename_component(nvcc_root ${nvcc_path}/../.. ABSOLUTE)
    find_path(MOBILENET_CUDA_INCLUDE cuda.h PATHS ${nvcc_root}/include ${nvcc_root}/targets/x86_64-linux/include
              NO_DEFAULT_PATH)
    set(why "nvcc is of CUDA ${nvcc_release}, without cuda.h, or older than 13")
    if(nvcc_release VERSION_GREATER_EQUAL 13 AND MOBILENET_CUDA_INCLUDE)
      # nvcc takes a C++ compiler of its own choice, which may be missing or too new for it.
      set(probe ${PROJECT_BINARY_DIR}/nvcc_probe.cu)
      file(WRITE ${probe} "#include <cuda_fp16.h>\n__global__ void probe(__half* x) { *x = __float2half(1); }\n")
      list(GET MOBILENET_CUDA_ARCHITECTURES 0 oldest)
      execute_process(COMMAND ${MOBILENET_NVCC} -std=c++20 ${MOBILENET_CUDA_FLAGS} -arch=sm_${oldest} -cubin
                              -o ${PROJECT_BINARY_DIR}/nvcc_probe.cubin ${probe}
                      RESULT_VARIABLE failed OUTPUT_VARIABLE why ERROR_VARIABLE why)
      if(NOT failed)
        set(MOBILENET_WITH_CUDA ON)
        enable_language(ASM)
        add_library(mobilenet_dependency_cuda INTERFACE)
        target_include_directories(mobilenet_dependency_cuda SYSTEM INTERFACE ${MOBILENET_CUDA_INCLUDE})
        target_link_libraries(mobilenet_dependency_cuda INTERFACE ${CMAKE_DL_LIBS})
        target_compile_definitions(mobilenet_dependency_cuda INTERFACE MOBILENET_WITH_CUDA=1)
        set_target_properties(mobilenet_dependency_cuda PROPERTIES MOBILENET_LINK_NAMES "${CMAKE_DL_LIBS}")
        list(APPEND mobilenet_version_definitions "MOBILENET_VERSION_OF_CUDA=\"${nvcc_release}\"")
      endif()
    endif()
  endif()
  if(NOT MOBILENET_WITH_CUDA)
    message(STATUS "mobilenet: built without cuda: ${why}")
  endif()
endif()

# The commit, again whenever it changes.
if(EXISTS ${PROJECT_SOURCE_DIR}/.git)
  execute_process(COMMAND git -C ${PROJECT_SOURCE_DIR} rev-parse --short=12 HEAD
                  OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  if(commit)
    list(APPEND mobilenet_version_definitions "MOBILENET_COMMIT=\"${commit}\"")
  endif()
  if(EXISTS ${PROJECT_SOURCE_DIR}/.git/logs/HEAD)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/.git/logs/HEAD)
  endif()
endif()

# Compiler flags of the project's own code; never of those who use the library.
add_library(mobilenet_options INTERFACE)
target_compile_options(mobilenet_options INTERFACE -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion)
if(MOBILENET_WARNINGS_AS_ERRORS)
  target_compile_options(mobilenet_options INTERFACE -Werror)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # GCC 12 believes that "text" + std::string may copy onto itself (GCC bug 105651).
  target_compile_options(mobilenet_options INTERFACE -Wno-restrict)
endif()
# The answers must not depend on how the compiler contracts a * b + c: kernels ask for fused operations by name.
target_compile_options(mobilenet_options INTERFACE -ffp-contract=off)
if(MOBILENET_SANITIZE)
  target_compile_options(mobilenet_options INTERFACE -fsanitize=${MOBILENET_SANITIZE} -fno-omit-frame-pointer
                                                    -fno-sanitize-recover=all)
  target_link_options(mobilenet_options INTERFACE -fsanitize=${MOBILENET_SANITIZE})
endif()
