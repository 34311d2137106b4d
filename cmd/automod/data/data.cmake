# automod's word list, and the weights that it trains itself from the templates, into share/sluice/automod.
set(AUTOMOD_DATA ${CMAKE_SOURCE_DIR}/cmd/automod/data)
set(AUTOMOD_OUT ${CMAKE_BINARY_DIR}/share/sluice/automod)
file(MAKE_DIRECTORY ${AUTOMOD_OUT})
file(GLOB AUTOMOD_HELD_OUT CONFIGURE_DEPENDS ${AUTOMOD_DATA}/held_out/*.lines)
list(TRANSFORM AUTOMOD_HELD_OUT PREPEND --measure= OUTPUT_VARIABLE AUTOMOD_MEASURED)
file(GLOB AUTOMOD_TEMPLATES CONFIGURE_DEPENDS ${AUTOMOD_DATA}/*.templates)
add_custom_command(
  OUTPUT ${AUTOMOD_OUT}/words ${AUTOMOD_OUT}/model
  COMMAND ${CMAKE_COMMAND} -E copy ${AUTOMOD_DATA}/words ${AUTOMOD_OUT}/words
  COMMAND sh -c "exec \"$@\" >measured.ndjson" sh $<TARGET_FILE:automod> train --words ${AUTOMOD_DATA}/words --kinds ${AUTOMOD_DATA}/kinds ${AUTOMOD_MEASURED} --out ${AUTOMOD_OUT}/model ${AUTOMOD_TEMPLATES}
  WORKING_DIRECTORY ${AUTOMOD_OUT}
  DEPENDS automod ${AUTOMOD_DATA}/words ${AUTOMOD_DATA}/kinds ${AUTOMOD_HELD_OUT} ${AUTOMOD_TEMPLATES}
  COMMENT "automod's weights" VERBATIM)
add_custom_target(automod_data ALL DEPENDS ${AUTOMOD_OUT}/words ${AUTOMOD_OUT}/model)
install(FILES ${AUTOMOD_OUT}/words ${AUTOMOD_OUT}/model DESTINATION share/sluice/automod)
