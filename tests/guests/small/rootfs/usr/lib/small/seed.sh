# Reads the NoCloud seed. Sourced by /init; uses $seed (a directory in RAM), sets instance_id and
# hostname, and leaves in $seed: user, network, meta (flattened), users/N/{name,keys}, keys,
# host_key, once (what to run once an instance).

# Copies the files of the volume labelled cidata, then lets go of it, so that it can be detached.
find_seed() {
  local device label
  mkdir -p "$seed/users"
  for label in cidata CIDATA; do
    device=$(findfs "LABEL=$label" 2>/dev/null) && break
  done
  [ -n "$device" ] || return 1
  mkdir -p /run/cidata
  # vfat or iso9660: mount tries each; a name without Joliet or long names is lower case here.
  mount -o ro -t iso9660 "$device" /run/cidata 2>/dev/null ||
    mount -o ro -t vfat "$device" /run/cidata || return 1
  cp /run/cidata/* "$seed/"
  umount /run/cidata
  rmdir /run/cidata
}

# flat FILE NAME: flattens the seed's FILE into $seed/NAME.
flat() {
  [ -s "$seed/$1" ] && awk -f /usr/lib/small/flatten.awk "$seed/$1" >"$seed/$2"
}

read_meta() {
  local path value
  flat meta-data meta || return 0
  while IFS=$tab read -r path value; do
    case $path in
      instance-id) instance_id=$value ;;
      local-hostname | hostname) hostname=$value ;;
      public-keys/*) printf '%b\n' "$value" >>"$seed/keys" ;;
    esac
  done <"$seed/meta"
}

read_user() {
  local path value first number
  [ -s "$seed/user-data" ] || return 0
  read -r first <"$seed/user-data"
  case $first in
    '#!'*) cp "$seed/user-data" "$seed/once"; return 0 ;;
  esac
  flat user-data user || return 0
  while IFS=$tab read -r path value; do
    number=${path#users/}
    number=${number%%/*}
    case $path in
      hostname) hostname=$value ;;
      ssh_keys/ed25519_private) printf '%b' "$value" >"$seed/host_key" ;;
      ssh_authorized_keys/*) printf '%b\n' "$value" >>"$seed/keys" ;;
      users/*/name | users/*/ssh_authorized_keys/* | users/*/ssh-authorized-keys/*)
        mkdir -p "$seed/users/$number"
        case $path in
          */name) printf '%b\n' "$value" >"$seed/users/$number/name" ;;
          *) printf '%b\n' "$value" >>"$seed/users/$number/keys" ;;
        esac
        ;;
    esac
  done <"$seed/user"
  if grep -q '^runcmd/' "$seed/user"; then
    { echo '#!/bin/sh'; awk -f /usr/lib/small/runcmd.awk "$seed/user"; } >"$seed/once"
  fi
}
