# Makes a shell script of the flattened `runcmd`: a string is a line, a list is a command whose
# arguments are taken as they are.
BEGIN { FS = "\t"; last = -1 }
$1 !~ /^runcmd\// { next }
{
  split($1, part, "/")
  value = substr($0, length($1) + 2)
  if (part[2] != last && last != -1) print ""
  last = part[2]
  if (part[3] == "") printf "%s", unescape(value)
  else printf "%s ", quote(unescape(value))
}
END { if (last != -1) print "" }

function unescape(text,    out, i, c) {
  out = ""
  while (i = index(text, "\\")) {
    c = substr(text, i + 1, 1)
    out = out substr(text, 1, i - 1) (c == "n" ? "\n" : c == "t" ? "\t" : c)
    text = substr(text, i + 2)
  }
  return out text
}

function quote(text) {
  gsub(/'/, "'\\''", text)
  return "'" text "'"
}
