#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Makes a CA and certificates of all kinds, good and bad, in the folder $1: NAME.pem and NAME.key.
set -eu
cd "$1"

key() {
    openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:prime256v1 -out "$1.key"
}
authority() { # NAME
    key "$1"
    openssl req -x509 -new -key "$1.key" -subj "/CN=$1" -days 2 -out "$1.pem"
}
certificate() { # NAME AUTHORITY SUBJECT_ALT_NAME DAYS
    key "$1"
    openssl req -new -key "$1.key" -subj "/CN=$1" -out "$1.csr"
    printf 'subjectAltName=%s\n' "$3" > "$1.ext"
    openssl x509 -req -in "$1.csr" -CA "$2.pem" -CAkey "$2.key" -extfile "$1.ext" -days "$4" -set_serial "$$" -out "$1.pem"
    rm "$1.csr" "$1.ext"
}

authority ca
authority stranger
certificate server ca DNS:localhost,IP:127.0.0.1 2
certificate othername ca DNS:influx.example 2
certificate expired ca IP:127.0.0.1 0
certificate client ca DNS:client 2
certificate wrongclient stranger DNS:client 2
key self
openssl req -x509 -new -key self.key -subj /CN=self -addext subjectAltName=IP:127.0.0.1 -days 2 -out self.pem
