#!/bin/sh
# Starts the server program of the same name with the libraries and locales of this folder, wherever the folder is.
self=$0
[ ! -L "$self" ] || self=$(readlink -f -- "$self")
here=$(CDPATH= cd -P -- "${self%/*}/../../../.." && pwd -P) || exit 127
# This machine's libraries, and its settings for them, are for other versions than those of this folder.
unset LD_LIBRARY_PATH LD_PRELOAD LD_AUDIT
export OPENSSL_CONF=/dev/null
export LOCPATH="$here/locale"
# initdb asks a program named locale which locales there are.
export PATH="$here/libexec:$PATH"
# The program reads time zones from this descriptor, which its children inherit.
exec 9<"$here/share/zoneinfo" || exit 127
exec "$here/lib/ld-linux-x86-64.so.2" --inhibit-cache --library-path "$here/lib" --argv0 "$self" "$here/libexec/${self##*/}" "$@"
