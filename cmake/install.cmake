# What `cmake --install` lays down: library, headers, program, bundled model, and the files by which CMake and
# pkg-config find them. Everything is relative to the prefix, so an install tree may be moved.
include(CMakePackageConfigHelpers)

# A project that adds this one may leave all of it out: MOBILENET_INSTALL=OFF, or by the component.
set(CMAKE_INSTALL_DEFAULT_COMPONENT_NAME mobilenet)
set(documents ${CMAKE_INSTALL_DATAROOTDIR}/doc/mobilenet)
set(mobilenet_models ${CMAKE_INSTALL_DATADIR}/mobilenet/models)
set(package ${CMAKE_INSTALL_LIBDIR}/cmake/mobilenet)

# Libraries that the users of a static libmobilenet must link, by name.
set(mobilenet_link_names "")
if(NOT BUILD_SHARED_LIBS)
  get_property(components GLOBAL PROPERTY mobilenet_linked_components)
  foreach(component IN LISTS components)
    get_property(names TARGET ${component} PROPERTY MOBILENET_LINK_NAMES)
    list(APPEND mobilenet_link_names ${names})
  endforeach()
endif()
list(REMOVE_DUPLICATES mobilenet_link_names)
set(mobilenet_pc_libraries "")
if(NOT BUILD_SHARED_LIBS)
  foreach(name IN LISTS mobilenet_link_names ITEMS stdc++ m)
    string(APPEND mobilenet_pc_libraries " -l${name}")
  endforeach()
  string(APPEND mobilenet_pc_libraries " -pthread")
endif()

install(TARGETS mobilenet EXPORT mobilenet-targets)
install(EXPORT mobilenet-targets NAMESPACE mobilenet:: DESTINATION ${package})
install(DIRECTORY include/mobilenet DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")

configure_package_config_file(cmake/mobilenet-config.cmake.in ${PROJECT_BINARY_DIR}/mobilenet-config.cmake
                              INSTALL_DESTINATION ${package} PATH_VARS mobilenet_models)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/mobilenet-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/mobilenet-config.cmake ${PROJECT_BINARY_DIR}/mobilenet-config-version.cmake
        DESTINATION ${package})

file(RELATIVE_PATH mobilenet_prefix_from_pc /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
string(REGEX REPLACE "/$" "" mobilenet_prefix_from_pc "${mobilenet_prefix_from_pc}")
configure_file(cmake/mobilenet.pc.in ${PROJECT_BINARY_DIR}/mobilenet.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/mobilenet.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

install(DIRECTORY models/ DESTINATION ${mobilenet_models} FILES_MATCHING PATTERN "*.safetensors" PATTERN "*.md")
install(FILES LICENSE DESTINATION ${documents})
include(cmake/licences.cmake)
if(TARGET mobilenet_cli)
  if(BUILD_SHARED_LIBS)
    set_target_properties(mobilenet_cli PROPERTIES INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR}")
  endif()
  install(TARGETS mobilenet_cli)
endif()
