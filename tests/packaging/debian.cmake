# cmake -D build= -D work= -P debian.cmake
# Packs the finished build `build` for Debian and looks at what comes out: control fields, files, owners, and that the
# program of the unpacked tree answers.
file(REMOVE_RECURSE ${work})
file(MAKE_DIRECTORY ${work})
execute_process(COMMAND ${CMAKE_CPACK_COMMAND} --config ${build}/CPackConfig.cmake -B ${work}/packages
                OUTPUT_FILE ${work}/cpack.log ERROR_FILE ${work}/cpack.log RESULT_VARIABLE failed)
if(failed)
  file(READ ${work}/cpack.log log)
  message(FATAL_ERROR "cpack failed (${failed}):\n${log}")
endif()

# look(PACKAGE): ${PACKAGE}_fields, ${PACKAGE}_files; unpacks into ${work}/PACKAGE.
macro(look package)
  file(GLOB ${package}_found ${work}/packages/${package}_*.deb)
  list(LENGTH ${package}_found count)
  if(NOT count EQUAL 1)
    message(FATAL_ERROR "expected one package ${package}, found: ${${package}_found}")
  endif()
  execute_process(COMMAND dpkg-deb --field ${${package}_found} OUTPUT_VARIABLE ${package}_fields COMMAND_ERROR_IS_FATAL ANY)
  execute_process(COMMAND dpkg-deb --contents ${${package}_found} OUTPUT_VARIABLE ${package}_files COMMAND_ERROR_IS_FATAL ANY)
  execute_process(COMMAND dpkg-deb --extract ${${package}_found} ${work}/${package} COMMAND_ERROR_IS_FATAL ANY)
endmacro()
# has(VARIABLE regular-expressions...)
function(has variable)
  foreach(expected IN LISTS ARGN)
    if(NOT "${${variable}}" MATCHES "${expected}")
      message(SEND_ERROR "${variable} lacks ${expected}:\n${${variable}}")
    endif()
  endforeach()
endfunction()
function(has_not variable)
  foreach(unexpected IN LISTS ARGN)
    if("${${variable}}" MATCHES "${unexpected}")
      message(SEND_ERROR "${variable} holds ${unexpected}:\n${${variable}}")
    endif()
  endforeach()
endfunction()

look(mobilenet)
look(libmobilenet-dev)
has(mobilenet_fields "Package: mobilenet\n" "Version: [0-9]+\\.[0-9]+\\.[0-9]+\n" "Depends: [^\n]*libc6 \\(>= [^\n]*libstdc\\+\\+6"
    "Maintainer: [^\n]+" "Section: graphics\n" "Description: The MobileNet family[^\n]*\n Pictures classified")
# What is opened when it is first needed need not be there.
has_not(mobilenet_fields "Depends: [^\n]*lib(avformat|avif|heif|curl)")
has(mobilenet_files " \\./usr/bin/mobilenet\n" "share/bash-completion/completions/mobilenet\n"
    "share/zsh/vendor-completions/_mobilenet\n" "share/fish/vendor_completions.d/mobilenet.fish\n"
    "share/man/man1/mobilenet.1.gz\n" "share/mobilenet/models/mobilenet_v2_202.safetensors\n"
    "share/mobilenet/models/ssdlite_[^\n]*\\.safetensors\n" "share/mobilenet/models/deeplab_[^\n]*\\.safetensors\n"
    "share/doc/mobilenet/copyright\n")
has_not(mobilenet_files "\\.h\n" "\\.a\n" "pkgconfig" "\\.cmake\n" "licences" "site-functions" "/usr/local")
has(libmobilenet-dev_fields "Package: libmobilenet-dev\n" "Depends: mobilenet \\(= [0-9.]+\\)" "Section: libdevel\n")
has(libmobilenet-dev_files "/usr/include/mobilenet/mobilenet.h\n" "/libmobilenet\\.a\n" "/libmobilenet_draw\\.a\n"
    "/cmake/mobilenet/mobilenet-config.cmake\n" "/pkgconfig/mobilenet.pc\n" "share/doc/libmobilenet-dev/copyright\n")
has_not(libmobilenet-dev_files "/usr/bin/" "safetensors" "share/man")
# All belongs to root, nothing may be written by others, and no file is in both.
foreach(package IN ITEMS mobilenet libmobilenet-dev)
  string(REGEX REPLACE "[-dl]rw[x-]r-[x-]r-[x-] root/root [^\n]*\n" "" strange "${${package}_files}")
  if(strange)
    message(SEND_ERROR "${package} holds files of strange owners or rights:\n${strange}")
  endif()
endforeach()
string(REGEX MATCHALL "\\./usr/[^\n]*[^/\n]\n" files "${mobilenet_files}${libmobilenet-dev_files}")
set(once ${files})
list(REMOVE_DUPLICATES once)
list(LENGTH files count)
list(LENGTH once different)
if(NOT count EQUAL different)
  message(SEND_ERROR "a file is in both packages: ${count} files, ${different} names")
endif()
# Static libraries are linked with what they use: the packages of those libraries are needed.
if(EXISTS /usr/share/doc/libzip-dev AND mobilenet_fields MATCHES "libzip")
  has(libmobilenet-dev_fields "libzip-dev")
endif()
foreach(package IN ITEMS mobilenet libmobilenet-dev)
  file(READ ${work}/${package}/usr/share/doc/${package}/copyright copyright)
  has(copyright "Apache License 2\\.0")
  if(EXISTS /usr/share/doc/libhwy-dev/copyright)
    has(copyright "highway" "BSD")
  endif()
endforeach()

# The unpacked program answers with the models that lie beside it.
execute_process(COMMAND ${work}/mobilenet/usr/bin/mobilenet info --json OUTPUT_VARIABLE information
                COMMAND_ERROR_IS_FATAL ANY)
has(information "debian/mobilenet/usr/share/mobilenet/models/mobilenet_v2_202")
execute_process(COMMAND ${work}/mobilenet/usr/bin/mobilenet classify ${picture} OUTPUT_VARIABLE answer
                COMMAND_ERROR_IS_FATAL ANY)
has(answer "0\\.[0-9]+  [a-zA-Z ]+")
