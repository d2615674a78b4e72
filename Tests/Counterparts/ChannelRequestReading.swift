import Domain
import Effects
import Integrations

extension Answer {
    static func text(_ status: UInt16, _ text: String, retryAfter: String? = nil) -> Answer {
        Answer(status: status, retryAfter: retryAfter, body: Array(text.utf8))
    }
}

extension ChannelRequest {
    func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    var json: JSON? { try? JSONReader.value(of: body) }
}
