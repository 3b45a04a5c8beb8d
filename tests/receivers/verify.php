<?php // WEBHOOK_SECRET=whsec_… php -S 127.0.0.1:3000 verify.php
$body = file_get_contents('php://input'); // the bytes as they came
$id = $_SERVER['HTTP_WEBHOOK_ID'] ?? '';
$sent = $_SERVER['HTTP_WEBHOOK_TIMESTAMP'] ?? '';
$key = base64_decode(substr((string) getenv('WEBHOOK_SECRET'), strlen('whsec_')));
$expected = 'v1,' . base64_encode(hash_hmac('sha256', "$id.$sent.$body", $key, true));
$good = false;
foreach (explode(' ', $_SERVER['HTTP_WEBHOOK_SIGNATURE'] ?? '') as $signature) {
    $good = hash_equals($expected, $signature) || $good;
}
if (!$good || $key === '' || abs(time() - (int) $sent) > 300) {
    http_response_code(400);
    exit;
}
$event = json_decode($body, true);
error_log("{$event['id']} {$event['type']}"); // put it into a queue of your own, unless you have seen its id
http_response_code(204);
