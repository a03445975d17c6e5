# Licences of what becomes part of the library or the program, beside our own: headers, and the font. The texts are those
# of the distribution's packages. Codecs stay libraries of their own, and bring their own.

# mobilenet_licence(NAME PACKAGES names...): the first package of those names whose licence is found.
function(mobilenet_licence name)
  foreach(package IN LISTS ARGN)
    foreach(file IN ITEMS /usr/share/doc/${package}/copyright /usr/share/licenses/${package}/LICENSE
                          /usr/share/licenses/${package}/COPYING)
      if(EXISTS ${file})
        install(FILES ${file} DESTINATION ${documents}/licences RENAME ${name}.txt)
        return()
      endif()
    endforeach()
  endforeach()
  message(STATUS "mobilenet: the licence of ${name} was not found and is not installed")
endfunction()

mobilenet_licence(highway libhwy-dev highway)
mobilenet_licence(flatbuffers libflatbuffers-dev flatbuffers)
mobilenet_licence(nlohmann_json nlohmann-json3-dev nlohmann-json json)
if(MOBILENET_CLI)
  mobilenet_licence(cli11 libcli11-dev cli11)
endif()
if(MOBILENET_WITH_CAIRO)
  mobilenet_licence(dejavu_fonts fonts-dejavu-core ttf-dejavu dejavu-sans-fonts)
endif()
