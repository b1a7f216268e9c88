# Makes one line a network interface of a flattened network-config (version 2, IPv4):
#   MAC ID NAME-PATTERN DHCP4 ADDRESSES ROUTES NAMESERVERS
# Missing is "-"; several are joined by commas; a route is DESTINATION=GATEWAY.
BEGIN { FS = "\t" }
{ sub(/^network\//, "", $1) }
$1 !~ /^ethernets\// { next }
{
  n = split($1, part, "/")
  id = part[2]
  if (!(id in seen)) { seen[id] = 1; order[++count] = id }
  key = part[3] (n > 3 ? "/" part[4] : "")
  if (key == "match/macaddress") mac[id] = tolower($2)
  else if (key == "match/name") name[id] = $2
  else if (key == "dhcp4") dhcp[id] = $2
  else if (part[3] == "addresses" && $2 !~ /:/) address[id] = add(address[id], $2)
  else if (key == "gateway4") route[id] = add(route[id], "default=" $2)
  else if (part[3] == "routes" && part[5] == "to") to[id, part[4]] = $2
  else if (part[3] == "routes" && part[5] == "via") via[id, part[4]] = $2
  else if (key == "nameservers/addresses" && $2 !~ /:/) server[id] = add(server[id], $2)
}
END {
  for (i = 1; i <= count; i++) {
    id = order[i]
    for (r = 0; (id, r) in to; r++) {
      if (to[id, r] via[id, r] !~ /:/) {
        route[id] = add(route[id], (to[id, r] == "0.0.0.0/0" ? "default" : to[id, r]) "=" via[id, r])
      }
    }
    print field(mac[id]), id, field(name[id]), field(dhcp[id]), field(address[id]), \
      field(route[id]), field(server[id])
  }
}

function add(list, item) { return list == "" ? item : list "," item }
function field(text) { return text == "" ? "-" : text }
