# Makes the seed's users and their SSH keys. Sourced by /init.

# allow_keys NAME HOME KEYS-FILE...
allow_keys() {
  local name=$1 home=$2
  shift 2
  mkdir -p "$home/.ssh"
  cat "$@" 2>/dev/null >>"$home/.ssh/authorized_keys"
  chmod 700 "$home/.ssh"
  chmod 600 "$home/.ssh/authorized_keys"
  chown -R "$name" "$home"
}

# Every named user gets the keys listed for it and those that are listed for all; root gets the latter.
make_users() {
  local dir name uid=1000
  allow_keys root /root "$seed/keys"
  for dir in "$seed"/users/*; do
    name=$(cat "$dir/name" 2>/dev/null) || continue
    if [ "$name" = root ]; then
      allow_keys root /root "$dir/keys"
      continue
    fi
    echo "$name:*:$uid:$uid:$name:/home/$name:/bin/sh" >>/etc/passwd
    echo "$name:x:$uid:" >>/etc/group
    mkdir -p "/home/$name"
    allow_keys "$name:$name" "/home/$name" "$dir/keys" "$seed/keys"
    uid=$((uid + 1))
  done
}
