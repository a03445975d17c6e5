# What `cmake --install` lays down: libraries, headers, program, bundled model, and the files by which CMake and
# pkg-config find them. Everything is relative to the prefix, so an install tree may be moved.
include(CMakePackageConfigHelpers)

# A project that adds this one may leave all of it out: MOBILENET_INSTALL=OFF, or by the component: mobilenet is what runs
# (program, models, shared libraries), mobilenet_dev what a C++ program is built with.
set(CMAKE_INSTALL_DEFAULT_COMPONENT_NAME mobilenet)
set(documents ${CMAKE_INSTALL_DATAROOTDIR}/doc/mobilenet)
set(mobilenet_models ${CMAKE_INSTALL_DATADIR}/mobilenet/models)
set(package ${CMAKE_INSTALL_LIBDIR}/cmake/mobilenet)

# The optional libraries that are built, and for each of all what the users of a static one must link, by name.
set(mobilenet_components ${mobilenet_optional_libraries})
foreach(name IN ITEMS mobilenet ${mobilenet_components})
  set(${name}_target mobilenet_${name})
  if(name STREQUAL "mobilenet")
    set(${name}_target mobilenet)
  endif()
  set(link_names_of_${name} "")
  if(NOT BUILD_SHARED_LIBS)
    get_property(link_names_of_${name} TARGET ${${name}_target} PROPERTY MOBILENET_LINK_NAMES)
  endif()
  string(APPEND mobilenet_link_names "set(mobilenet_link_names_of_${name} ${link_names_of_${name}})\n")
endforeach()

list(TRANSFORM mobilenet_components PREPEND mobilenet_ OUTPUT_VARIABLE component_targets)
if(BUILD_SHARED_LIBS AND component_targets)
  set_target_properties(${component_targets} PROPERTIES INSTALL_RPATH "$ORIGIN")  # they stand on the core, beside them
endif()
install(TARGETS mobilenet ${component_targets} EXPORT mobilenet-targets
        LIBRARY NAMELINK_COMPONENT mobilenet_dev
        ARCHIVE COMPONENT mobilenet_dev)
install(EXPORT mobilenet-targets NAMESPACE mobilenet:: DESTINATION ${package} COMPONENT mobilenet_dev)
install(DIRECTORY include/mobilenet DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT mobilenet_dev
        FILES_MATCHING PATTERN "*.h")

configure_package_config_file(cmake/mobilenet-config.cmake.in ${PROJECT_BINARY_DIR}/mobilenet-config.cmake
                              INSTALL_DESTINATION ${package} PATH_VARS mobilenet_models)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/mobilenet-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/mobilenet-config.cmake ${PROJECT_BINARY_DIR}/mobilenet-config-version.cmake
        DESTINATION ${package} COMPONENT mobilenet_dev)

# pkg-config: mobilenet, and mobilenet_draw and so on, which require it.
file(RELATIVE_PATH mobilenet_prefix_from_pc /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
string(REGEX REPLACE "/$" "" mobilenet_prefix_from_pc "${mobilenet_prefix_from_pc}")
foreach(name IN ITEMS mobilenet ${mobilenet_components})
  set(pc_name ${${name}_target})
  set(pc_requires "")
  if(NOT name STREQUAL "mobilenet")
    set(pc_requires "mobilenet = ${PROJECT_VERSION}")
  endif()
  set(pc_libraries "")
  if(NOT BUILD_SHARED_LIBS)
    foreach(library IN LISTS link_names_of_${name} ITEMS stdc++ m)
      string(APPEND pc_libraries " -l${library}")
    endforeach()
    string(APPEND pc_libraries " -pthread")
  endif()
  configure_file(cmake/mobilenet.pc.in ${PROJECT_BINARY_DIR}/${pc_name}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/${pc_name}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig
          COMPONENT mobilenet_dev)
endforeach()

install(DIRECTORY models/ DESTINATION ${mobilenet_models} FILES_MATCHING PATTERN "*.safetensors" PATTERN "*.md")
install(FILES LICENSE DESTINATION ${documents})
include(cmake/licences.cmake)
if(TARGET mobilenet_cli)
  if(BUILD_SHARED_LIBS)
    set_target_properties(mobilenet_cli PROPERTIES INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR}")
  endif()
  install(TARGETS mobilenet_cli)
  if(NOT CMAKE_CROSSCOMPILING)
    set(printed ${PROJECT_BINARY_DIR}/apps/cli/printed)
    install(FILES ${printed}/mobilenet DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
    install(FILES ${printed}/_mobilenet DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
    install(FILES ${printed}/mobilenet.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
    install(FILES ${printed}/mobilenet.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
  endif()
endif()

if(PROJECT_IS_TOP_LEVEL)
  include(cmake/debian_package.cmake)
endif()
