# SPDX-License-Identifier: GPL-2.0-or-later
# Completion of qvm-device, qvm-usb, qvm-block and sallyport in fish. The tools themselves know what
# fits, names of qubes and devices included; they say nothing when the daemon is down.

function __sallyport_complete
    set -l words (commandline -opc)
    set -l typed (commandline -ct)
    set -l program (basename -- $words[1])
    qvm-device --complete $program $words[2..-1] "$typed" 2>/dev/null
end

for program in qvm-device qvm-usb qvm-block sallyport
    complete -c $program -f -a '(__sallyport_complete)'
    complete -c $program -l root -x -a '(__fish_complete_directories)' -d 'look for the daemon below this folder'
end
complete -c sallyport -n '__fish_seen_subcommand_from doctor' -l sys -x -a '(__fish_complete_directories)' -d 'another folder than /sys'
complete -c sallyport -n '__fish_seen_subcommand_from db' -F
