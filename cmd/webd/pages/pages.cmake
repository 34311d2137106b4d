# webd's pages: npm ci once for each lock file (into the build tree), then one esbuild run into share/sluice/pages.
find_program(NODE node)
find_program(NPM npm)
if(NOT NODE OR NOT NPM)
  message(FATAL_ERROR "webd's pages are built with Node.js 18 or later and npm, and one of them is missing.\n"
                      "Install them (Debian: apt install nodejs, and npm where the command is still missing), then configure again.")
endif()

set(PAGES_SOURCE ${CMAKE_SOURCE_DIR}/cmd/webd/pages)
set(PAGES_WORK ${CMAKE_BINARY_DIR}/pages)
set(PAGES_OUT ${CMAKE_BINARY_DIR}/share/sluice/pages)
file(GLOB_RECURSE pages_sources CONFIGURE_DEPENDS ${PAGES_SOURCE}/src/*)

add_custom_command(
  OUTPUT ${PAGES_WORK}/installed
  COMMAND ${CMAKE_COMMAND} -E make_directory ${PAGES_WORK}
  COMMAND ${CMAKE_COMMAND} -E copy ${PAGES_SOURCE}/package.json ${PAGES_SOURCE}/package-lock.json ${PAGES_WORK}
  COMMAND ${NPM} ci --prefix ${PAGES_WORK} --ignore-scripts --no-audit --no-fund --loglevel=error
  COMMAND ${CMAKE_COMMAND} -E touch ${PAGES_WORK}/installed
  DEPENDS ${PAGES_SOURCE}/package.json ${PAGES_SOURCE}/package-lock.json
  WORKING_DIRECTORY ${CMAKE_BINARY_DIR}
  COMMENT "npm modules of the pages" VERBATIM)
add_custom_command(
  OUTPUT ${PAGES_WORK}/built
  COMMAND ${NODE} ${PAGES_SOURCE}/build.mjs --modules ${PAGES_WORK} --out ${PAGES_OUT}
  COMMAND ${CMAKE_COMMAND} -E touch ${PAGES_WORK}/built
  DEPENDS ${PAGES_WORK}/installed ${PAGES_SOURCE}/build.mjs ${pages_sources}
  COMMENT "webd's pages" VERBATIM)
add_custom_target(webd_pages ALL DEPENDS ${PAGES_WORK}/built)
install(DIRECTORY ${PAGES_OUT} DESTINATION share/sluice)
