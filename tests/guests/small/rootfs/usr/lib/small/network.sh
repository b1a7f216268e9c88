# Configures IPv4 as the seed says, by DHCP when it says nothing. Sourced by /init.

# nic_of MAC ID PATTERN: the name of the interface that is meant.
nic_of() {
  local path name
  for path in /sys/class/net/*; do
    name=${path##*/}
    if [ "$1" != - ]; then
      [ "$(cat "$path/address")" = "$1" ] && echo "$name" && return
    elif [ "$3" != - ]; then
      case $name in $3) echo "$name" && return ;; esac
    elif [ "$name" = "$2" ]; then
      echo "$name" && return
    fi
  done
}

# A lease is waited for for 5 seconds, then asked for in the background.
lease() {
  udhcpc -b -S -i "$1" -s /usr/lib/small/dhcp -t 5 -T 1 -x "hostname:$hostname" >/dev/null 2>&1
}

configure_network() {
  local mac id pattern dhcp addresses routes servers nic item path
  ip link set lo up
  if [ ! -s "$seed/network-config" ]; then
    for path in /sys/class/net/*/device; do
      [ -e "$path" ] || continue
      nic=${path%/device}
      nic=${nic##*/}
      ip link set "$nic" up
      lease "$nic" &
    done
    wait
    return
  fi
  flat network-config network
  awk -f /usr/lib/small/network.awk "$seed/network" >"$seed/nics"
  while read -r mac id pattern dhcp addresses routes servers; do
    nic=$(nic_of "$mac" "$id" "$pattern")
    [ -n "$nic" ] || { echo "small: no interface for $id ($mac)"; continue; }
    ip link set "$nic" up
    IFS=,
    [ "$addresses" = - ] || for item in $addresses; do ip addr add "$item" dev "$nic"; done
    [ "$routes" = - ] || for item in $routes; do
      ip route add "${item%%=*}" via "${item#*=}" dev "$nic"
    done
    [ "$servers" = - ] || for item in $servers; do
      echo "nameserver $item" >>/etc/resolv.conf
    done
    unset IFS
    case $dhcp in true | yes | on) lease "$nic" & ;; esac
  done <"$seed/nics"
  wait
}
