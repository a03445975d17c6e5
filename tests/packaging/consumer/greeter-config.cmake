include(CMakeFindDependencyMacro)
find_dependency(mobilenet)
include(${CMAKE_CURRENT_LIST_DIR}/greeter-targets.cmake)
