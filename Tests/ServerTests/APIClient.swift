import FoundationEssentials
import Glibc

/// A small blocking HTTP/1.1 client of one server, a connection for each request.
struct APIClient: Sendable {
    let port: UInt16

    /// The connection was refused, lost or cut short: the server is gone.
    struct Lost: Error {
        let doing: String
        let errno: Int32
    }

    func list<Item: Decodable>(_: Item.Type, _ path: String) throws -> [Item] {
        let (status, body) = try send("GET", path)
        guard status == 200 else {
            throw Obstacle("\(path): \(status) \(String(decoding: body, as: UTF8.self))")
        }
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        return try decoder.decode([Item].self, from: Data(body))
    }

    /// - Parameter path: below `/chronatogapi/1/`, or whatever else.
    func send(
        _ method: String,
        _ path: String,
        _ body: String = "",
        below prefix: String = "/chronatogapi/1/"
    ) throws -> (status: Int, body: [UInt8]) {
        let descriptor = try connect()
        defer { close(descriptor) }
        let request =
            "\(method) \(prefix)\(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\n"
            + "Authorization: Bearer t\r\nContent-Type: application/json\r\nConnection: close\r\n"
            + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
        var rest = Array(request.utf8)[...]
        while !rest.isEmpty {
            // because: the bytes outlive the call; no signal, for the server may be gone
            let count = unsafe rest.withUnsafeBytes { bytes in
                unsafe Glibc.send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw Lost(doing: "send", errno: errno) }
            rest = rest.dropFirst(count)
        }
        return try answer(from: descriptor)
    }

    private func connect() throws -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Lost(doing: "socket", errno: errno) }
        var limit = timeval(tv_sec: 10, tv_usec: 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let length = socklen_t(MemoryLayout<sockaddr_in>.size)
        // unsafe because sockets take their arguments as bytes; both structures outlive the calls.
        let status = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe setsockopt(
                descriptor,
                SOL_SOCKET,
                SO_RCVTIMEO,
                &limit,
                socklen_t(MemoryLayout<timeval>.size)
            )
            return unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe Glibc.connect(descriptor, $0, length)
            }
        }
        guard status == 0 else {
            let reason = errno
            close(descriptor)
            throw Lost(doing: "connect", errno: reason)
        }
        return descriptor
    }

    private func answer(from descriptor: Int32) throws -> (status: Int, body: [UInt8]) {
        var received: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        var count = 1
        while count > 0 {
            count = unsafe read(descriptor, &buffer, buffer.count)  // because: the buffer outlives the call
            if count > 0 { received += buffer[..<count] }
        }
        let reason = count < 0 ? errno : 0
        guard let end = received.firstRange(of: Array("\r\n\r\n".utf8)) else {
            throw Lost(doing: "read", errno: reason)
        }
        let lines = String(decoding: received[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n")
        let length = lines.first { $0.lowercased().hasPrefix("content-length: ") }
            .flatMap { Int($0.dropFirst(16)) }
        let status = lines.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) }
        guard let length, let status else { throw Obstacle("not an answer: \(lines)") }
        let body = Array(received[end.upperBound...])
        // Half an answer acknowledges nothing.
        guard body.count == length else { throw Lost(doing: "read", errno: reason) }
        return (status, body)
    }
}

/// A job as a list shows it.
struct Listed: Decodable {
    let id: String
    let name: String
    /// Nil for the default one.
    let dialect: String?
    let state: String
    let createdAt: String

    enum CodingKeys: String, CodingKey {
        case id, name, dialect, state
        case createdAt = "created_at"
    }

    static func all(_ api: APIClient) throws -> [Listed] {
        let pageItems = 10_000
        var jobs: [Listed] = []
        for _ in 0..<10 {
            let page = try api.list(Listed.self, "jobs?limit=\(pageItems)&after=\(jobs.last?.id ?? "0")")
            jobs += page
            if page.count < pageItems { break }
        }
        return jobs
    }
}

/// A nominal instant, and what became of it.
struct Slot: Decodable {
    let id: String
    let slot: Date
    let result: String?
}

/// An execution.
struct Run: Decodable {
    struct Attempt: Decodable { let n: Int }

    let scheduledAt: String
    /// Nil while it goes on, like its result.
    let endedAt: String?
    let result: String?
    let attempts: [Attempt]

    enum CodingKeys: String, CodingKey {
        case result, attempts
        case scheduledAt = "scheduled_at"
        case endedAt = "ended_at"
    }
}

extension APIClient {
    func add(_ name: String, everySecondTo target: RecordingTarget) throws -> String {
        let url = "http://127.0.0.1:\(target.port)/\(name)"
        return try create(#""callback_url":"\#(url)","schedule":"* * * * * *","dialect":"seconds""#, name)
    }

    /// A job that is not due for as long as a test lasts.
    ///
    /// - Parameter target: for those that are run by hand; otherwise nobody is there.
    func addIdle(_ name: String, to target: RecordingTarget? = nil) throws -> String {
        let url = "http://127.0.0.1:\(target?.port ?? 9)/\(name)"
        return try create(#""callback_url":"\#(url)","schedule":"0 0 29 2 *""#, name)
    }

    func create(_ form: String, _ name: String) throws -> String {
        struct Created: Decodable { let id: String }
        let (status, body) = try send("POST", "jobs", #"{"name":"\#(name)",\#(form)}"#)
        guard status == 201 else {
            throw Obstacle("\(name): \(status) \(String(decoding: body, as: UTF8.self))")
        }
        return try JSONDecoder().decode(Created.self, from: Data(body)).id
    }
}
