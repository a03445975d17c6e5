# Finds what the build uses. Required: header-only libraries. Optional: codecs and archives; what is missing is left
# out and `mobilenet --version` says so. GLOBAL, because a project that adds this one links through these targets.

find_package(Threads REQUIRED GLOBAL)
find_package(nlohmann_json 3.10 REQUIRED GLOBAL)
find_path(MOBILENET_HIGHWAY_INCLUDE hwy/highway.h REQUIRED)
find_path(MOBILENET_FLATBUFFERS_INCLUDE flatbuffers/flatbuffers.h REQUIRED)
find_program(MOBILENET_FLATC flatc REQUIRED)

# mobilenet_component(NAME HEADER header LIBRARIES names...): sets MOBILENET_WITH_<NAME> and, when all of it is found,
# makes the target mobilenet_dependency_<name>. Its property MOBILENET_LINK_NAMES is for those who link the installed
# static library (cmake/install.cmake).
define_property(TARGET PROPERTY MOBILENET_LINK_NAMES)
function(mobilenet_component name)
  cmake_parse_arguments(arg "" "HEADER" "LIBRARIES" ${ARGN})
  string(TOLOWER ${name} lower)
  option(MOBILENET_${name} "Use ${lower} where it is found" ON)
  set(found ${MOBILENET_${name}})
  if(found)
    find_path(MOBILENET_${name}_INCLUDE ${arg_HEADER})
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
  else()
    message(STATUS "mobilenet: built without ${lower}")
  endif()
  set(MOBILENET_WITH_${name} ${found} PARENT_SCOPE)
endfunction()

mobilenet_component(JPEG HEADER turbojpeg.h LIBRARIES turbojpeg)
mobilenet_component(PNG HEADER spng.h LIBRARIES spng)
mobilenet_component(WEBP HEADER webp/demux.h LIBRARIES webpdemux webp)
mobilenet_component(BMP HEADER stb/stb_image.h)
mobilenet_component(EXIF HEADER libexif/exif-data.h LIBRARIES exif)
mobilenet_component(ZIP HEADER zip.h LIBRARIES zip)

# Compiler flags of the project's own code; never of those who use the library.
add_library(mobilenet_options INTERFACE)
target_compile_options(mobilenet_options INTERFACE -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion)
if(MOBILENET_DEVELOPER)
  target_compile_options(mobilenet_options INTERFACE -Werror)
endif()
# The answers must not depend on how the compiler contracts a * b + c: kernels ask for fused operations by name.
target_compile_options(mobilenet_options INTERFACE -ffp-contract=off)
if(MOBILENET_SANITIZE)
  target_compile_options(mobilenet_options INTERFACE -fsanitize=${MOBILENET_SANITIZE} -fno-omit-frame-pointer
                                                    -fno-sanitize-recover=all)
  target_link_options(mobilenet_options INTERFACE -fsanitize=${MOBILENET_SANITIZE})
endif()
