import Effects
import Testing

struct WebhookSignatureTests {
    /// The secret `whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw` of the published vector.
    private let key: [UInt8] = [
        0x31, 0xf2, 0x90, 0xf6, 0xbf, 0x06, 0x29, 0x8a, 0xab, 0x4f, 0x08, 0xd4,
        0x3c, 0x3f, 0x08, 0x2c, 0xf6, 0x48, 0xa3, 0x62, 0xda, 0x2d, 0xa4, 0xb0,
    ]

    @Test func `the published vector is signed as published`() {
        let signature = WebhookSignature.sign(
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
            timestamp: 1_614_265_330,
            body: Array(#"{"test": 2432232314}"#.utf8),
            key: key
        )
        #expect(signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
    }

    @Test func `the secret is told as receivers take it`() {
        #expect(WebhookSignature.secretText(key) == "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    }

    @Test func `another body, id or time has another signature`() {
        let one = WebhookSignature.sign(id: "a", timestamp: 1, body: [1], key: key)
        #expect(one != WebhookSignature.sign(id: "a", timestamp: 1, body: [2], key: key))
        #expect(one != WebhookSignature.sign(id: "b", timestamp: 1, body: [1], key: key))
        #expect(one != WebhookSignature.sign(id: "a", timestamp: 2, body: [1], key: key))
    }
}
