# automod's word list, and the weights that it trains itself from the templates, into share/sluice/automod.
set(AUTOMOD_OUT ${CMAKE_BINARY_DIR}/share/sluice/automod)
file(MAKE_DIRECTORY ${AUTOMOD_OUT})
file(GLOB AUTOMOD_TEMPLATES CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/cmd/automod/data/*.templates)
add_custom_command(
  OUTPUT ${AUTOMOD_OUT}/words ${AUTOMOD_OUT}/model
  COMMAND ${CMAKE_COMMAND} -E copy ${CMAKE_SOURCE_DIR}/cmd/automod/data/words ${AUTOMOD_OUT}/words
  COMMAND sh -c "exec \"$@\" >measured.ndjson" sh $<TARGET_FILE:automod> train --words ${CMAKE_SOURCE_DIR}/cmd/automod/data/words --measure ${CMAKE_SOURCE_DIR}/cmd/automod/data/natural.lines --out ${AUTOMOD_OUT}/model ${AUTOMOD_TEMPLATES}
  WORKING_DIRECTORY ${AUTOMOD_OUT}
  DEPENDS automod ${CMAKE_SOURCE_DIR}/cmd/automod/data/words ${CMAKE_SOURCE_DIR}/cmd/automod/data/natural.lines ${AUTOMOD_TEMPLATES}
  COMMENT "automod's weights" VERBATIM)
add_custom_target(automod_data ALL DEPENDS ${AUTOMOD_OUT}/words ${AUTOMOD_OUT}/model)
install(FILES ${AUTOMOD_OUT}/words ${AUTOMOD_OUT}/model DESTINATION share/sluice/automod)
