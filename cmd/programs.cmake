# Every program, in one list: it drives the build, the man pages, the completions, installation and the smoke tests.
# sluice_program(NAME SECTION [ROOMS room...] [LIBS target...]) builds cmd/NAME/*.cpp into bin/NAME.
add_executable(optgen ${CMAKE_SOURCE_DIR}/completions/optgen.cpp)
target_link_libraries(optgen PRIVATE fmt::fmt nlohmann_json::nlohmann_json)
set_target_properties(optgen PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tools)

set(SLUICE_GENERATED ${CMAKE_BINARY_DIR}/generated)
file(MAKE_DIRECTORY ${SLUICE_GENERATED}/man ${SLUICE_GENERATED}/bash ${SLUICE_GENERATED}/zsh ${SLUICE_GENERATED}/fish)

# sluice_pages(NAME SECTION): man page and completions from the program's own option table
function(sluice_pages name section)
  set(prose ${CMAKE_SOURCE_DIR}/man/${name}.${section}.in)
  set(program ${CMAKE_BINARY_DIR}/bin/${name})
  add_custom_command(
    OUTPUT ${SLUICE_GENERATED}/man/${name}.${section}
    COMMAND $<TARGET_FILE:optgen> --program ${program} --prose ${prose} --out ${SLUICE_GENERATED}
    DEPENDS optgen ${program} ${prose}
    COMMENT "man page and completions of ${name}" VERBATIM)
  add_custom_target(pages_${name} ALL DEPENDS ${SLUICE_GENERATED}/man/${name}.${section})
  if(TARGET ${name})
    add_dependencies(pages_${name} ${name})
  endif()
  install(FILES ${SLUICE_GENERATED}/man/${name}.${section} DESTINATION share/man/man${section})
  install(FILES ${SLUICE_GENERATED}/bash/${name} DESTINATION share/bash-completion/completions)
  install(FILES ${SLUICE_GENERATED}/zsh/_${name} DESTINATION share/zsh/site-functions)
  install(FILES ${SLUICE_GENERATED}/fish/${name}.fish DESTINATION share/fish/vendor_completions.d)
  set_property(GLOBAL APPEND PROPERTY SLUICE_PROGRAMS ${name})
endfunction()

# The supervisor is a script in several files, joined in this order.
set(SLUICE_SCRIPT options programs ask keep up upgrade demo status doctor main)
list(TRANSFORM SLUICE_SCRIPT PREPEND ${CMAKE_SOURCE_DIR}/cmd/sluice/)
list(TRANSFORM SLUICE_SCRIPT APPEND .bash)
add_custom_command(
  OUTPUT ${CMAKE_BINARY_DIR}/bin/sluice
  COMMAND sh -c "{ printf '#!/bin/bash\\nset -u\\n'; cat \"$@\"; } | sed 's/@VERSION@/${PROJECT_VERSION}/' >bin/sluice && chmod +x bin/sluice" sluice ${SLUICE_SCRIPT}
  WORKING_DIRECTORY ${CMAKE_BINARY_DIR}
  DEPENDS ${SLUICE_SCRIPT} VERBATIM)
add_custom_target(sluice ALL DEPENDS ${CMAKE_BINARY_DIR}/bin/sluice)
install(PROGRAMS ${CMAKE_BINARY_DIR}/bin/sluice DESTINATION bin)

function(sluice_program name section)
  cmake_parse_arguments(PROGRAM "" "" "ROOMS;LIBS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/cmd/${name}/*.cpp)
  list(TRANSFORM PROGRAM_ROOMS PREPEND sluice_)
  add_executable(${name} ${sources})
  target_link_libraries(${name} PRIVATE sluice_app ${PROGRAM_ROOMS} ${PROGRAM_LIBS})
  install(TARGETS ${name} DESTINATION bin)
  sluice_pages(${name} ${section})
endfunction()

# sluice_other_half(NAME WHOLE ROOMS room...): what program WHOLE becomes (exec) where it needs more than it links; cmd/NAME/*.cpp and all of
# cmd/WHOLE/ but its main.cpp and without_*.cpp, as libexec/sluice/NAME. It has no page: nobody calls it.
function(sluice_other_half name whole)
  cmake_parse_arguments(PROGRAM "" "" "ROOMS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/cmd/${whole}/*.cpp ${CMAKE_SOURCE_DIR}/cmd/${name}/*.cpp)
  list(FILTER sources EXCLUDE REGEX "/cmd/${whole}/(main|without_[a-z_]*)\\.cpp$")
  list(TRANSFORM PROGRAM_ROOMS PREPEND sluice_)
  add_executable(${name} ${sources})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/libexec/sluice)
  target_link_libraries(${name} PRIVATE sluice_app ${PROGRAM_ROOMS})
  add_dependencies(${whole} ${name})
  install(TARGETS ${name} DESTINATION libexec/sluice)
endfunction()

# sluice_helper(NAME ROOMS room...): what sluice runs beside the programs; cmd/NAME/*.cpp as libexec/sluice/NAME. It has no page: nobody calls it.
function(sluice_helper name)
  cmake_parse_arguments(PROGRAM "" "" "ROOMS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/cmd/${name}/*.cpp)
  list(TRANSFORM PROGRAM_ROOMS PREPEND sluice_)
  add_executable(${name} ${sources})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/libexec/sluice)
  target_link_libraries(${name} PRIVATE ${PROGRAM_ROOMS})
  install(TARGETS ${name} DESTINATION libexec/sluice)
endfunction()

sluice_program(transcode 1 ROOMS ffmpeg hls media os log http metrics net redis relay)
sluice_program(hlslint 1 ROOMS hls lint curl LIBS nlohmann_json::nlohmann_json)
sluice_program(origind 8 ROOMS origin s3 LIBS nlohmann_json::nlohmann_json)
sluice_program(segmenter 1 ROOMS hls pipe flv)
sluice_other_half(segmenter-libav segmenter ROOMS hls flv ffmpeg)
sluice_program(storyboard 1 ROOMS hls ffmpeg)
sluice_program(vodarchive 1 ROOMS archive curl s3 hls os log LIBS nlohmann_json::nlohmann_json)
sluice_pages(sluice 1)
sluice_helper(keep-sockets ROOMS app)
sluice_program(chanctl 1 ROOMS store bus platform)
sluice_program(subctl 1 ROOMS store bus platform LIBS nlohmann_json::nlohmann_json)
sluice_program(modctl 1 ROOMS store bus platform chat chatlog words os)
sluice_program(automod 1 ROOMS automod os log LIBS nlohmann_json::nlohmann_json)
include(${CMAKE_SOURCE_DIR}/cmd/automod/data/data.cmake)
sluice_program(chatd 8 ROOMS http chat chatlog nodes redis store bus words LIBS nlohmann_json::nlohmann_json)
sluice_program(ingestd 8 ROOMS media pipe rtmp mpegts ingest srt hls store bus crypto platform)
sluice_program(webd 8 ROOMS http store bus platform LIBS nlohmann_json::nlohmann_json)
include(${CMAKE_SOURCE_DIR}/cmd/webd/pages/pages.cmake)

file(GLOB formats CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/man/*.5)
install(FILES ${formats} DESTINATION share/man/man5)
