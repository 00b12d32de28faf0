# SPDX-License-Identifier: GPL-2.0-or-later
# Completion of qvm-device, qvm-usb, qvm-block and sallyport in bash. The tools themselves know what
# fits, names of qubes and devices included; they say nothing when the daemon is down.

_sallyport_complete() {
  local program=${COMP_WORDS[0]##*/} tool=qvm-device
  [[ ${COMP_WORDS[0]} == */* ]] && tool=${COMP_WORDS[0]%/*}/qvm-device
  COMPREPLY=()

  # Bash takes words apart at ':' and '='; here "sys-usb:2-1" is one word again.
  local -a words=()
  local i word
  for ((i = 1; i <= COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    if ((${#words[@]} > 0)) && { [[ $word == [:=]* ]] || [[ ${words[-1]} == *[:=] ]]; }; then
      words[-1]+=$word
    else
      words+=("$word")
    fi
  done
  local typed=${words[-1]} before=
  ((${#words[@]} > 1)) && before=${words[-2]}
  typed=${typed//\\/}
  words[-1]=$typed

  case $before in
    --root | --sys | --policy-dir | --compat-dir | --corpus)
      mapfile -t COMPREPLY < <(compgen -d -- "$typed")
      return
      ;;
    --system-info | --key | --out)
      mapfile -t COMPREPLY < <(compgen -f -- "$typed")
      return
      ;;
  esac

  # Only what stands behind the last separator is replaced.
  local kept=
  [[ $typed == *[:=]* ]] && kept=${typed%"${typed##*[:=]}"}
  while IFS=$'\t' read -r word _; do
    [[ -n $word ]] || continue
    printf -v word %q "${word#"$kept"}"
    COMPREPLY+=("$word")
  done < <("$tool" --complete "$program" "${words[@]}" 2>/dev/null)
  # What else `sallyport db` takes is a file or a folder.
  if [[ ${words[0]} == db && ${#words[@]} -gt 2 && $typed != -* ]]; then
    mapfile -t COMPREPLY < <(compgen -f -- "$typed")
  fi
}

complete -F _sallyport_complete qvm-device qvm-usb qvm-block sallyport
