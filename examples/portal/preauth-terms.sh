#!/bin/sh
# A PreAuth program: the rules of the house first, then the button that lets in.
#
# The door says who asks in the environment: GATEHOUSE_TOKEN lets this client in, GATEHOUSE_REDIR is where he wanted to go, in a form
# that can do no harm in a page. $1 is the whole query, percent-encoded; nothing of it is decoded or shown.

set -eu

cat << 'PAGE'
<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Guest network</title>
<link rel="stylesheet" href="/splash.css"></head>
<body><div class="offset"><med-blue>Guest network</med-blue><div class="insert">
<img style="height:60px; width:60px; float:left;" src="/images/splash.jpg" alt="">
PAGE

case ${1-} in
  *%2c%20rules%3dyes*)
    cat << PAGE
<big-red>Thank you</big-red><hr>
<form method="post" action="/nodogsplash_auth/">
<input type="hidden" name="tok" value="$GATEHOUSE_TOKEN">
<input type="hidden" name="redir" value="$GATEHOUSE_REDIR">
<input type="submit" value="Connect">
</form>
PAGE
    ;;
  *)
    cat << PAGE
<big-red>Welcome</big-red><hr>
<p>Be kind to others on this network, and do nothing on it that the law forbids.</p>
<form method="post" action="/nodogsplash_preauth/">
<input type="hidden" name="redir" value="$GATEHOUSE_REDIR">
<input type="hidden" name="rules" value="yes">
<input type="submit" value="I agree">
</form>
PAGE
    ;;
esac

echo '</div></div></body></html>'
