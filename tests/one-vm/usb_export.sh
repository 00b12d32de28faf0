#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What Qubes' usb-export does with its stream, descriptor 3, for the device $1: it binds it to
# usbip-host, writes one line and gives the rest to the kernel.
set -eu
device=/sys/bus/usb/devices/$1
driver=/sys/bus/usb/drivers/usbip-host
modprobe usbip-host
if [ "$(readlink -f "$device/driver")" != "$(readlink -f $driver)" ]; then
  echo "$1" >"$device/driver/unbind"
  printf "add %s" "$1" >$driver/match_busid  # with its newline it would be another name
  echo "$1" >$driver/bind
fi
[ "$(cat "$device/usbip_status")" = 1 ]
echo "$(($(cat "$device/busnum") << 16 | $(cat "$device/devnum"))) $(cat "$device/speed")" >&3
echo 3 >"$device/usbip_sockfd"
exec 3>&-
while [ "$(cat "$device/usbip_status")" = 2 ]; do sleep 1; done
