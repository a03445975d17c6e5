# cmake -D way=installed_static|installed_shared|subdirectory -D source= -D build= -D work= -D compiler= -D launcher=
#       -P consume.cmake
# Lays the library down in that way, then configures, builds and runs a project that uses it. `build`: a finished
# static build of the library. The library itself is built again where `way` asks for it, and stays in `work`.

set(consumer ${CMAKE_CURRENT_LIST_DIR}/consumer)
set(prefix ${work}/prefix)
# The same flags as in the developer's build, so that the compiler's cache has all of it already.
set(tools -G Ninja -D CMAKE_CXX_COMPILER=${compiler} -D CMAKE_CXX_COMPILER_LAUNCHER=${launcher}
          -D CMAKE_BUILD_TYPE=Release -D MOBILENET_WARNINGS_AS_ERRORS=ON -D MOBILENET_CUDA_ARCHITECTURES=90)

function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE status)
  if(status)
    list(JOIN ARGN " " command)
    message(FATAL_ERROR "failed (${status}): ${command}")
  endif()
endfunction()

if(way STREQUAL "subdirectory")
  list(APPEND tools -D MOBILENET_CUDA=OFF)  # a minute for what the shared library shows as well
  run(${CMAKE_COMMAND} -S ${consumer} -B ${work}/fetched ${tools} -D MOBILENET_SOURCE=${source} -D WAY=FetchContent)
  run(${CMAKE_COMMAND} -S ${consumer} -B ${work}/consumer ${tools} -D MOBILENET_SOURCE=${source})
  run(${CMAKE_COMMAND} --build ${work}/consumer)
  run(${work}/consumer/consumer)
  run(${work}/consumer/draws)
  # Its own library, with ours behind it, in the hands of others.
  file(REMOVE_RECURSE ${prefix})
  run(${CMAKE_COMMAND} --install ${work}/consumer --prefix ${prefix})
  run(${CMAKE_COMMAND} -S ${consumer}_of_consumer -B ${work}/greets ${tools} -D CMAKE_PREFIX_PATH=${prefix})
  run(${CMAKE_COMMAND} --build ${work}/greets)
  run(${work}/greets/greets)
  return()
endif()

file(REMOVE_RECURSE ${prefix} ${work}/consumer ${work}/moved)
if(way STREQUAL "installed_shared")
  run(${CMAKE_COMMAND} -S ${source} -B ${work}/library ${tools} -D BUILD_SHARED_LIBS=ON -D MOBILENET_CLI=ON)
  run(${CMAKE_COMMAND} --build ${work}/library)
  set(build ${work}/library)
endif()
run(${CMAKE_COMMAND} --install ${build} --prefix ${work}/prefix)
file(RENAME ${prefix} ${work}/moved)  # an install tree works from wherever it is put
set(prefix ${work}/moved)

# The program runs from the install tree, and finds its library there.
run(${prefix}/bin/mobilenet --version)
foreach(licence IN ITEMS highway=libhwy-dev flatbuffers=libflatbuffers-dev nlohmann_json=nlohmann-json3-dev)
  string(REGEX REPLACE "(.*)=(.*)" "\\1.txt;/usr/share/doc/\\2/copyright" licence ${licence})
  list(POP_BACK licence text)
  if(EXISTS ${text} AND NOT EXISTS ${prefix}/share/doc/mobilenet/licences/${licence})
    message(FATAL_ERROR "${licence} is not installed")
  endif()
endforeach()

run(${CMAKE_COMMAND} -S ${consumer} -B ${work}/consumer ${tools} -D CMAKE_PREFIX_PATH=${prefix})
run(${CMAKE_COMMAND} --build ${work}/consumer)
run(${work}/consumer/consumer)
run(${work}/consumer/draws)

find_program(pkg_config pkg-config REQUIRED)
file(GLOB_RECURSE description ${prefix}/*/mobilenet.pc)
get_filename_component(folder ${description} DIRECTORY)
set(ENV{PKG_CONFIG_PATH} ${folder})
execute_process(COMMAND ${pkg_config} --cflags --libs mobilenet OUTPUT_VARIABLE flags OUTPUT_STRIP_TRAILING_WHITESPACE
                COMMAND_ERROR_IS_FATAL ANY)
separate_arguments(flags UNIX_COMMAND "${flags}")
get_filename_component(library ${folder} DIRECTORY)
set(ENV{LD_LIBRARY_PATH} ${library})
# Games, browsers and firmware are compiled without exceptions and types at run time.
find_program(clang clang++)
if(NOT clang)
  set(clang ${compiler})
endif()
foreach(each IN ITEMS ${compiler} ${clang})
  foreach(switches IN ITEMS -fexceptions "-fno-exceptions -fno-rtti")
    separate_arguments(switches UNIX_COMMAND "${switches}")
    run(${each} -std=c++20 -Wall -Wextra -Werror ${switches} ${consumer}/main.cpp -o ${work}/with_pkg_config ${flags})
    run(${work}/with_pkg_config)
  endforeach()
endforeach()
execute_process(COMMAND ${pkg_config} --cflags --libs mobilenet_draw mobilenet_encode mobilenet_evaluate mobilenet_live mobilenet_search mobilenet_video
                OUTPUT_VARIABLE flags OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
separate_arguments(flags UNIX_COMMAND "${flags}")
run(${compiler} -std=c++20 -Wall -Wextra -Werror ${consumer}/draws.cpp -o ${work}/draws_with_pkg_config ${flags})
run(${work}/draws_with_pkg_config)

if(way STREQUAL "installed_shared")
  # It shows its own names alone, and goes when it is let go.
  foreach(name IN ITEMS mobilenet mobilenet_draw mobilenet_encode mobilenet_evaluate mobilenet_live mobilenet_search mobilenet_video)
    execute_process(COMMAND nm --dynamic --defined-only --demangle ${library}/lib${name}.so OUTPUT_VARIABLE names
                    COMMAND_ERROR_IS_FATAL ANY)
    string(REGEX REPLACE "[^\n]* (mobilenet::|(typeinfo|typeinfo name|vtable) for mobilenet::)[^\n]*\n" "" names
           "${names}")
    if(names)
      message(FATAL_ERROR "lib${name}.so also shows\n${names}")
    endif()
  endforeach()
  run(${compiler} -std=c++20 ${CMAKE_CURRENT_LIST_DIR}/unload.cpp -o ${work}/unload)
  run(${work}/unload ${library}/libmobilenet.so)
  execute_process(COMMAND ${pkg_config} --cflags --libs mobilenet OUTPUT_VARIABLE flags OUTPUT_STRIP_TRAILING_WHITESPACE
                  COMMAND_ERROR_IS_FATAL ANY)
  separate_arguments(flags UNIX_COMMAND "${flags}")
  # It keeps what it has of the C++ library to itself: libheif, which the system never unloads, would use it and hold it.
  file(WRITE ${work}/plugin.map "{ global: use_mobilenet; local: *; };\n")
  run(${compiler} -std=c++20 -shared -fPIC -Wl,--version-script=${work}/plugin.map
      ${CMAKE_CURRENT_LIST_DIR}/plugin.cpp -o ${work}/plugin.so ${flags})
  run(${work}/unload ${work}/plugin.so)

  # Without the program the optional libraries are the same, and find the core beside them: those that call it.
  file(REMOVE_RECURSE ${work}/without_program)
  run(${CMAKE_COMMAND} -S ${source} -B ${work}/library -D MOBILENET_CLI=OFF)
  run(${CMAKE_COMMAND} --build ${work}/library)
  run(${CMAKE_COMMAND} --install ${work}/library --prefix ${work}/without_program)
  file(GLOB_RECURSE core ${work}/without_program/*/libmobilenet.so)
  get_filename_component(library ${core} DIRECTORY)
  unset(ENV{LD_LIBRARY_PATH})
  foreach(name IN ITEMS draw encode)
    run(${work}/unload ${library}/libmobilenet_${name}.so)
  endforeach()
endif()
