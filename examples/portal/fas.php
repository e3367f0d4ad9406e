<?php
/*
 * A login page on another server (FAS), for level 0, level 1 with a key, and levels 2 and 3: it asks for agreement to the rules of the house.
 * Copy it to a web server with PHP 8 and its openssl extension, and set what follows; `fas_path` is its path there.
 */

/* The `fas_key` of the gateway. */
const KEY = 'a_key_of_16_chrs';
/* Level 3: for how many minutes, at which rates (kbit/s, up and down), for how many kB (up and down); 0: as the gateway has it for everybody. */
const TERMS = '0 0 0 0 0';
/* Level 3: where it remembers whom the gateway is to let in. The web server must be able to write there, and nobody else to look into it. */
define('LISTS', getenv('FAS_LISTS') ?: '/var/lib/gatehouse-fas');

if (isset($_POST['auth_get'])) {
    answer_gateway();
    exit;
}
$asked = what_the_gateway_says();
if ($asked === null) {
    http_response_code(400);
    exit('This page is for guests of the network.');
}
if (($asked['status'] ?? '') === 'authenticated') show_page('You are online.', '');
elseif (isset($asked['gatewayurl'])) level_3($asked);
else show_page('Be kind to others on this network, and do nothing on it that the law forbids.', form_of_gateway($asked));

/* What the query says; null: it is not from the gateway. */
function what_the_gateway_says(): ?array
{
    $query = array_filter($_REQUEST, 'is_string');
    if (!isset($query['fas'], $query['iv'])) return isset($query['authaction']) || isset($query['gatewayaddress']) ? $query : null;
    if (strlen($query['iv']) !== 16) return null;
    $text = openssl_decrypt((string) base64_decode($query['fas']), 'aes-256-cbc', KEY, 0, $query['iv']);
    if ($text === false) return null;
    $said = [];
    foreach (explode(', ', $text) as $field) {
        [$name, $value] = explode('=', $field, 2) + [1 => ''];
        $said[$name] = $value;
    }
    /* The hash of this name stands for the gateway. */
    $said['gateway'] = hash('sha256', $said['gatewayname'] ?? '');
    foreach (['gatewayname', 'gatewayurl', 'originurl'] as $name) if (isset($said[$name])) $said[$name] = rawurldecode($said[$name]);
    return isset($said['gatewayaddress']) && (isset($said['tok']) || isset($said['hid'])) ? $said : null;
}

/* Levels 0 to 2: a form that leads back to the gateway with what lets this client in. */
function form_of_gateway(array $asked): string
{
    $action = $asked['authaction'] ?? "http://{$asked['gatewayaddress']}/" . ($asked['authdir'] ?? 'nodogsplash_auth') . '/';
    $pass = $asked['tok'] ?? pass_of($asked);
    $wanted = $asked['originurl'] ?? $asked['redir'] ?? '';
    return '<form method="get" action="' . html(web($action)) . '">' . hidden('tok', $pass) . hidden('redir', web($wanted)) . '<button>I agree</button></form>';
}

/* What only the key can make of the hash of a client's token. */
function pass_of(array $asked): string
{
    return hash('sha256', ($asked['hid'] ?? '') . KEY);
}

/* Who agrees is put on the gateway's list; the page looks again and again whether the gateway has let him in. */
function level_3(array $asked): void
{
    $entry = list_of($asked['gateway']) . '/' . pass_of($asked);
    if ($_SERVER['REQUEST_METHOD'] === 'POST') {
        if (!is_dir(dirname($entry))) mkdir(dirname($entry), 0700, true);
        file_put_contents($entry, TERMS);
    }
    $wanted = web($asked['originurl'] ?? '');
    if (is_file($entry)) {
        header('Refresh: 2');
        show_page('One moment…', '');
    } elseif (isset($_REQUEST['agreed'])) {
        show_page('You are online.', $wanted === '' ? '' : '<p><a href="' . html($wanted) . '">Go on</a></p>');
    } else {
        $query = http_build_query(['fas' => $_GET['fas'], 'iv' => $_GET['iv'], 'agreed' => 1]);
        $form = '<form method="post" action="?' . html($query) . '"><button>I agree</button></form>';
        show_page('Be kind to others on this network, and do nothing on it that the law forbids.', $form);
    }
}

/* Level 3: whom it lets in (payload `none`), or whom it need not name any more. */
function answer_gateway(): void
{
    $gateway = (string) ($_POST['gatewayhash'] ?? '');
    if ($_POST['auth_get'] !== 'view' || !preg_match('/^[0-9a-f]{64}$/', $gateway)) return;
    $payload = (string) base64_decode((string) ($_POST['payload'] ?? ''));
    $folder = list_of($gateway);
    if ($payload === 'none') {
        echo '*';
        foreach (glob("$folder/*") as $entry) echo ' ' . rawurlencode(basename($entry) . ' ' . file_get_contents($entry));
        return;
    }
    preg_match_all('/^\* ([0-9a-f]{64})$/m', $payload, $found);
    foreach ($found[1] as $pass) if (is_file("$folder/$pass")) unlink("$folder/$pass");
    echo 'ack';
}

function list_of(string $gateway): string
{
    return LISTS . "/$gateway";
}

/* Nothing but an address of the web may be gone to. */
function web(string $address): string
{
    return preg_match('#^https?://#i', $address) ? $address : '';
}

function hidden(string $name, string $value): string
{
    return '<input type="hidden" name="' . $name . '" value="' . html($value) . '">';
}

function html(string $text): string
{
    return htmlspecialchars($text, ENT_QUOTES, 'UTF-8');
}

function show_page(string $text, string $form): void
{
    header('Cache-Control: no-store');
    echo '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">',
        '<title>Guest network</title><style>:root{color-scheme:light dark}body{font:1rem/1.5 system-ui,sans-serif;max-width:24rem;margin:3rem auto;padding:0 1.5rem}',
        'button{font:inherit;padding:.7rem 1.5rem}</style></head><body><h1>Guest network</h1><p>', $text, '</p>', $form, '</body></html>';
}
