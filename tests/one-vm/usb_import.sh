#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What Qubes' usb-import does with its stream, descriptor 3: it reads one line and gives the rest to
# vhci_hcd. Says "imported PORT" once the kernel has it.
set -eu
vhci=/sys/devices/platform/vhci_hcd.0
if ! read -r devid speed _ <&3; then
  echo "no device info received"
  exit 1
fi
hub=hs
case $speed in
  1.5) number=1 ;;
  12) number=2 ;;
  480) number=3 ;;
  5000) number=5 hub=ss ;;
  *) echo "invalid speed $speed"; exit 1 ;;
esac
case $devid in
  '' | *[!0-9]*) echo "invalid devid $devid"; exit 1 ;;
esac
port=$(awk -v hub=$hub '$1 == hub && $3 == 4 { print $2; exit }' $vhci/status)
echo "$port 3 $devid $number" >$vhci/attach
exec 3>&-
echo "imported $port"
