# Flattens a cloud-config (JSON or YAML) to one line a scalar: PATH, a tab, VALUE.
#
# PATH is the keys and list positions joined by "/"; in VALUE a backslash is "\\", a newline "\n",
# a tab "\t", so that `printf %b` gives the text back. Empty maps and lists, and null, give nothing.
#
# Understood: JSON; of YAML block maps and lists, flow maps and lists, plain, quoted and block
# scalars (| and > with - and +), comments. Not understood: anchors, aliases, tags, "? " keys,
# several documents.

{
  sub(/\r$/, "")
  line[++lines] = $0
}

END {
  at = 1
  skip_blank()
  if (at <= lines && line[at] ~ /^(---|%)/) { at++; skip_blank() }
  if (at <= lines) block(indent_of(line[at]), "")
}

function indent_of(text) {
  match(text, /^ */)
  return RLENGTH
}

function skip_blank() {
  while (at <= lines && line[at] ~ /^[ \t]*(#|$)/) at++
}

function join_path(path, key) {
  return path == "" ? key : path "/" key
}

function emit(path, value) {
  gsub(/\\/, "\\\\", value)
  gsub(/\n/, "\\n", value)
  gsub(/\t/, "\\t", value)
  print path "\t" value
}

# --- block style -------------------------------------------------------------------------------

# The node that starts at line `at`, whose first character is in column `column`.
function block(column, path,    text) {
  text = substr(line[at], column + 1)
  if (text ~ /^-( |$)/) return block_list(column, path)
  if (key_length(text) > 0) return block_map(column, path)
  block_value(column - 1, path, text)
}

function block_list(column, path,    index_, text, gap) {
  index_ = 0
  for (;;) {
    skip_blank()
    if (at > lines || indent_of(line[at]) != column) return
    text = substr(line[at], column + 1)
    if (text !~ /^-( |$)/) return
    match(text, /^- */)
    gap = RLENGTH
    text = substr(text, gap + 1)
    if (text == "" || text ~ /^#/) {
      nested(column, join_path(path, index_), 0)
    } else if (text ~ /^-( |$)/ || key_length(text) > 0) {
      # The item is itself a list or map that begins on the same line.
      line[at] = spaces(column + gap) text
      block(column + gap, join_path(path, index_))
    } else {
      block_value(column, join_path(path, index_), text)
    }
    index_++
  }
}

function block_map(column, path,    text, size, key) {
  for (;;) {
    skip_blank()
    if (at > lines || indent_of(line[at]) != column) return
    text = substr(line[at], column + 1)
    size = key_length(text)
    if (size == 0) return
    key = scalar(substr(text, 1, size))
    text = substr(text, size + 1)
    sub(/^[ \t]*:[ \t]*/, "", text)
    if (text == "" || text ~ /^#/) nested(column, join_path(path, key), 1)
    else block_value(column, join_path(path, key), text)
  }
}

# What stands below a key or dash that has nothing behind it; a list below a key may be unindented.
function nested(column, path, below_key,    deeper) {
  at++
  skip_blank()
  if (at > lines) return
  deeper = indent_of(line[at])
  if (deeper > column) block(deeper, path)
  else if (below_key && deeper == column && substr(line[at], column + 1) ~ /^-( |$)/) {
    block_list(column, path)
  }
}

# A value whose text begins on line `at`; lines deeper than `column` may belong to it.
function block_value(column, path, text,    i, value) {
  if (text ~ /^[|>][-+0-9]*[ \t]*(#.*)?$/) {
    at++
    emit(path, block_scalar(column, text))
  } else if (text ~ /^[{[]/) {
    rest = text
    for (i = at + 1; i <= lines; i++) rest = rest "\n" line[i]
    flow(path)
    at = lines - gsub(/\n/, "\n", rest) + 1
  } else if (text ~ /^["']/) {
    while (quoted_length(text) == 0 && at < lines) text = text fold_break() trim(line[at])
    at++
    emit(path, scalar(substr(text, 1, quoted_length(text))))
  } else {
    value = plain(text)
    at++
    while (at <= lines && line[at] !~ /^[ \t]*(#|$)/ && indent_of(line[at]) > column) {
      value = value " " plain(trim(line[at++]))
    }
    if (value !~ /^(~|null|Null|NULL|)$/) emit(path, value)
  }
}

# Inside a quoted scalar: goes to the next line with text; one line break is a space, n are n - 1.
function fold_break(    breaks) {
  breaks = ""
  while (++at < lines && line[at] ~ /^[ \t]*$/) breaks = breaks "\n"
  return breaks == "" ? " " : breaks
}

function block_scalar(column, head,    keep, strip, folded, width, value, text, previous, blanks) {
  folded = head ~ /^>/
  strip = head ~ /^.[0-9]*-/
  keep = head ~ /^.[0-9]*\+/
  width = match(head, /[0-9]/) ? column + substr(head, RSTART, 1) : -1
  if (width >= 0 && column < 0) width = substr(head, RSTART, 1) + 0
  value = ""
  blanks = 0
  previous = ""
  for (; at <= lines; at++) {
    text = line[at]
    if (text ~ /^ *$/ && (width < 0 || length(text) <= width)) { blanks++; continue }
    if (width < 0) width = indent_of(text) > column ? indent_of(text) : 9999
    if (indent_of(text) < width) break
    text = substr(text, width + 1)
    if (previous == "") value = newlines(blanks) text
    else if (folded && text !~ /^[ \t]/ && previous !~ /^.[ \t]/) {
      value = value (blanks > 0 ? newlines(blanks) : " ") text
    } else value = value newlines(blanks + 1) text
    previous = "x" text
    blanks = 0
  }
  if (strip) return value
  if (keep) return value newlines(blanks + (previous != ""))
  return value (previous == "" ? "" : "\n")
}

function newlines(n,    s) {
  for (s = ""; n > 0; n--) s = s "\n"
  return s
}

function spaces(n) {
  return sprintf("%" n "s", "")
}

# Length of the key that `text` begins with, 0 when it is no "key: value".
function key_length(text,    size) {
  if (text ~ /^["']/) {
    size = quoted_length(text)
    return size > 0 && substr(text, size + 1) ~ /^[ \t]*:([ \t]|$)/ ? size : 0
  }
  if (text ~ /^[{[|>#]/) return 0
  return match(text, /:([ \t]|$)/) ? RSTART - 1 : 0
}

# --- flow style (and JSON): consumes the global `rest` ----------------------------------------

function skip_space() {
  while (match(rest, /^([ \t\n]+|#[^\n]*)/)) rest = substr(rest, RLENGTH + 1)
}

function flow(path,    close_, index_, key, size) {
  skip_space()
  if (rest ~ /^[{[]/) {
    close_ = rest ~ /^[{]/ ? "}" : "]"
    rest = substr(rest, 2)
    for (index_ = 0;; index_++) {
      skip_space()
      if (rest == "") return
      if (substr(rest, 1, 1) == close_) { rest = substr(rest, 2); return }
      if (close_ == "]") {
        flow(join_path(path, index_))
      } else {
        size = rest ~ /^["']/ ? quoted_length(rest) : match(rest, /[:,}\n]/) - 1
        if (size < 0) { rest = ""; return }
        key = scalar(substr(rest, 1, size))
        rest = substr(rest, size + 1)
        skip_space()
        if (rest ~ /^:/) { rest = substr(rest, 2); flow(join_path(path, key)) }
      }
      skip_space()
      if (rest ~ /^,/) rest = substr(rest, 2)
      else if (substr(rest, 1, 1) != close_) { rest = ""; return }
    }
  }
  if (rest ~ /^["']/) {
    size = quoted_length(rest)
    if (size == 0) { rest = ""; return }
    emit(path, scalar(substr(rest, 1, size)))
    rest = substr(rest, size + 1)
    return
  }
  if (match(rest, /^[^],}\n]+/)) {
    size = RLENGTH
    key = plain(substr(rest, 1, size))
    rest = substr(rest, size + 1)
    if (key !~ /^(~|null|Null|NULL|)$/) emit(path, key)
  }
}

# --- scalars -----------------------------------------------------------------------------------

# Length of the quoted scalar that `text` begins with, quotes included; 0 when it does not end.
function quoted_length(text) {
  if (text ~ /^"/) return match(text, /^"([^"\\]|\\(.|\n))*"/) ? RLENGTH : 0
  return match(text, /^'([^']|'')*'/) ? RLENGTH : 0
}

function trim(text) {
  gsub(/^[ \t]+|[ \t]+$/, "", text)
  return text
}

function plain(text) {
  sub(/[ \t]#.*$/, "", text)
  return trim(text)
}

function scalar(text) {
  if (text ~ /^"/) return unescape(substr(text, 2, length(text) - 2))
  if (text ~ /^'/) {
    text = substr(text, 2, length(text) - 2)
    gsub(/''/, "'", text)
    return text
  }
  return trim(text)
}

function unescape(text,    out, c, at_, code, low) {
  out = ""
  while (at_ = index(text, "\\")) {
    out = out substr(text, 1, at_ - 1)
    c = substr(text, at_ + 1, 1)
    text = substr(text, at_ + 2)
    if (c == "n") out = out "\n"
    else if (c == "t") out = out "\t"
    else if (c == "r") out = out "\r"
    else if (c == "b") out = out "\b"
    else if (c == "f") out = out "\f"
    else if (c == "e") out = out "\033"
    else if (c == "a") out = out "\a"
    else if (c == "v") out = out "\v"
    else if (c == "N") out = out utf8(133)
    else if (c == "_") out = out utf8(160)
    else if (c == "L") out = out utf8(8232)
    else if (c == "P") out = out utf8(8233)
    else if (c == "U") { out = out utf8(hex(substr(text, 1, 8))); text = substr(text, 9) }
    else if (c == "x") { out = out utf8(hex(substr(text, 1, 2))); text = substr(text, 3) }
    else if (c == "u") {
      code = hex(substr(text, 1, 4))
      text = substr(text, 5)
      if (code >= 55296 && code < 56320 && text ~ /^\\u/) {
        low = hex(substr(text, 3, 4))
        text = substr(text, 7)
        code = 65536 + (code - 55296) * 1024 + (low - 56320)
      }
      out = out utf8(code)
    } else out = out c
  }
  return out text
}

function hex(digits,    n, i) {
  n = 0
  for (i = 1; i <= length(digits); i++) {
    n = n * 16 + index("0123456789abcdef", tolower(substr(digits, i, 1))) - 1
  }
  return n
}

function utf8(code) {
  if (code < 128) return sprintf("%c", code)
  if (code < 2048) return sprintf("%c%c", 192 + int(code / 64), 128 + code % 64)
  if (code < 65536) {
    return sprintf("%c%c%c", 224 + int(code / 4096), 128 + int(code / 64) % 64, 128 + code % 64)
  }
  return sprintf("%c%c%c%c", 240 + int(code / 262144), 128 + int(code / 4096) % 64, \
    128 + int(code / 64) % 64, 128 + code % 64)
}
