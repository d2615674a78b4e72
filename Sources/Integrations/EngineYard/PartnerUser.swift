package import Domain

/// A person, as a platform and its partner keep them in step (`engineyard-v1`).
package enum PartnerUser {
    private static let textBytesMax = 500

    /// One of the list: `{"user": …, "url": …}`.
    /// - Parameter root: what the users' URLs begin with.
    package static func listed(_ user: AccountUser, under root: String) -> JSON {
        .object([
            JSON.Member(
                "user",
                .object([
                    JSON.Member("access_level", .string(user.level)),
                    JSON.Member("ey_user_id", .string(user.id)),
                    JSON.Member("ey_user_email", .string(user.email)),
                    JSON.Member("ey_user_name", .string(user.name)),
                ])
            ), JSON.Member("url", .string("\(root)/\(Percent.encode(user.id, keeping: ""))")),
        ])
    }

    /// `PUT` of a user: what is absent stays.
    package struct Change: Sendable, Hashable {
        package var email: String?
        package var name: String?
        package var isOwner: Bool?

        package init(_ body: JSON) throws(PartnerFault) {
            guard let user = body["user"], case .object = user else {
                throw PartnerFault(["user can't be blank"])
            }
            email = user["ey_user_email"]?.string
            name = user["ey_user_name"]?.string
            isOwner = user["access_level"]?.string.map { $0 == "owner" }
            guard [email, name].allSatisfy({ ($0 ?? "").utf8.count <= PartnerUser.textBytesMax }) else {
                throw PartnerFault(["A name or an address is limited to \(PartnerUser.textBytesMax) bytes"])
            }
        }
    }
}
