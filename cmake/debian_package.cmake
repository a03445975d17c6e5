# `cpack --config build/release/CPackConfig.cmake` makes two Debian packages in build/release/packages: mobilenet, of what
# runs, and libmobilenet-dev. Depends are found: of the program by dpkg-shlibdeps, of the static libraries by asking dpkg
# which package holds each library that their users link.
find_program(MOBILENET_DPKG_QUERY dpkg-query)
if(NOT MOBILENET_DPKG_QUERY OR CMAKE_CROSSCOMPILING)
  return()
endif()

set(runs "mobilenet (= ${PROJECT_VERSION})")
set(dev_depends "${runs}")
if(NOT BUILD_SHARED_LIBS)
  set(linked "")
  foreach(name IN ITEMS mobilenet ${mobilenet_components})
    get_property(names TARGET ${${name}_target} PROPERTY MOBILENET_LINK_NAMES)
    foreach(link_name IN LISTS names)
      get_property(variables DIRECTORY PROPERTY CACHE_VARIABLES)
      list(FILTER variables INCLUDE REGEX "^MOBILENET_[A-Z]+_${link_name}$")
      foreach(variable IN LISTS variables)
        get_filename_component(folder ${${variable}} DIRECTORY)
        file(REAL_PATH ${folder} folder)  # dpkg knows /usr/lib, CMake may have found /lib
        get_filename_component(file ${${variable}} NAME)
        list(APPEND linked ${folder}/${file})
      endforeach()
    endforeach()
  endforeach()
  list(REMOVE_DUPLICATES linked)
  set(owners "")
  if(linked)
    execute_process(COMMAND ${MOBILENET_DPKG_QUERY} --search ${linked} OUTPUT_VARIABLE owners ERROR_QUIET)
  endif()
  # "libjpeg62-turbo-dev:amd64: /usr/lib/x86_64-linux-gnu/libjpeg.so" of each. What nobody holds was built by hand.
  string(REGEX MATCHALL "(^|\n)[a-z0-9.+-]+" owners "${owners}")
  list(TRANSFORM owners STRIP)
  list(REMOVE_DUPLICATES owners)
  list(SORT owners)
  list(JOIN owners ", " owners)
  if(owners)
    string(APPEND dev_depends ", ${owners}")
  endif()
endif()

# Looked for when they are needed: downloads, archives, the window.
set(recommends "")
foreach(library IN ITEMS CURL=libcurl4 CRYPTO=libssl3 ARCHIVE=libarchive13 SDL=libsdl2-2.0-0)
  string(REGEX MATCH "(.*)=(.*)" matched ${library})
  if(MOBILENET_WITH_${CMAKE_MATCH_1})
    list(APPEND recommends ${CMAKE_MATCH_2})
  endif()
endforeach()
list(APPEND recommends ca-certificates)
list(JOIN recommends ", " recommends)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME mobilenet)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_VENDOR "The mobilenet.cpp authors")
set(CPACK_PACKAGE_CONTACT "The mobilenet.cpp authors")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_PACKAGE_DIRECTORY ${PROJECT_BINARY_DIR}/packages)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL mobilenet mobilenet_dev)
set(CPACK_COMPONENTS_GROUPING ONE_PER_GROUP)  # there are no groups: one package for each component
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_PRE_BUILD_SCRIPTS ${PROJECT_SOURCE_DIR}/cmake/debian_files.cmake)

set(CPACK_DEBIAN_MOBILENET_PACKAGE_NAME mobilenet)
set(CPACK_DEBIAN_MOBILENET_PACKAGE_SECTION graphics)
set(CPACK_DEBIAN_MOBILENET_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_MOBILENET_PACKAGE_RECOMMENDS "${recommends}")
set(CPACK_DEBIAN_MOBILENET_DESCRIPTION "Pictures classified, objects found, pixels named, by a program.
Reads weights as they are published, .tflite, .safetensors and others, and
gives the answers of the framework that they came from, on a processor, in
a millisecond to some tens. With three small models, one for each task.")

set(CPACK_DEBIAN_MOBILENET_DEV_PACKAGE_NAME libmobilenet-dev)
set(CPACK_DEBIAN_MOBILENET_DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_MOBILENET_DEV_PACKAGE_DEPENDS "${dev_depends}")
set(CPACK_DEBIAN_MOBILENET_DEV_DESCRIPTION "The C++20 library, to build programs with.
Headers, libraries, and the files by which CMake and pkg-config find them.")
include(CPack)
