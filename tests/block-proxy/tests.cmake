# SPDX-License-Identifier: GPL-2.0-or-later
sallyport_test(blockproxy_nbd_test SOURCES
  block-proxy/nbd/client_handshake_test.cpp
  block-proxy/nbd/client_session_test.cpp
  block-proxy/nbd/read_ahead_test.cpp
  block-proxy/nbd/reply_test.cpp
  block-proxy/nbd/server_handshake_test.cpp
  block-proxy/nbd/server_session_test.cpp
  LIBRARIES blockproxy_nbd)
sallyport_test(block_frontend_test SOURCES block-proxy/frontend_test.cpp
  LIBRARIES blockproxy_frontend blockproxy_guest)
# The program with real clients: nbdinfo, nbdcopy, qemu-img, fio; and with hostile ones.
sallyport_test(block_server_test SOURCES
  block-proxy/block_server_rig.cpp
  block-proxy/block_server_clients_test.cpp
  block-proxy/block_server_hostile_test.cpp
  block-proxy/block_server_media_test.cpp
  block-proxy/lent_device_test.cpp
  block-proxy/nbd_medium_test.cpp
  LIBRARIES blockproxy_server blockproxy_client rig Boost::json)
add_dependencies(block_server_test sallyport-block-server)
sallyport_fuzz(nbd_server_fuzz SOURCE fuzz/nbd_server_fuzz.cpp LIBRARIES blockproxy_nbd)
sallyport_fuzz(nbd_client_fuzz SOURCE fuzz/nbd_client_fuzz.cpp LIBRARIES blockproxy_nbd)
include(block-proxy/snapshot/tests.cmake)
