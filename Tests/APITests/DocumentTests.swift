import Domain
import Hummingbird
import Testing

@testable import API

/// The OpenAPI document against the router, and against what is answered.
struct DocumentTests {
    @Test(arguments: [true, false])
    func `the document names exactly the routes that are registered`(hasSink: Bool) async throws {
        let rig = try await SiteRig(hasSink: hasSink)
        let routes = RouteTable.routes(hasSink: hasSink)
        let router = Responder.router(rig.site, routes)
        let registered = Set(router.routes.map { "\($0.method.rawValue) \($0.path.description)" })
            .filter { !$0.hasPrefix("HEAD ") }
        guard case .object(let paths) = OpenAPIDocument("1", routes).json["paths"] else {
            Issue.record("no paths")
            return
        }
        var documented: Set<String> = []
        for path in paths {
            guard case .object(let operations) = path.value else { continue }
            for operation in operations {
                documented.insert("\(operation.key.uppercased()) \(path.key.replacing("{rest}", with: "**"))")
            }
        }
        #expect(registered == documented, "\(registered.symmetricDifference(documented).sorted())")
        #expect(documented.count == routes.count)
        await rig.stop()
    }

    @Test func `every reference leads somewhere and every operation has its own name`() {
        let document = OpenAPIDocument("1", RouteTable.routes(hasSink: true)).json
        guard case .object(let schemas) = document["components"]?["schemas"] else {
            Issue.record("no schemas")
            return
        }
        let names = Set(schemas.map(\.key))
        var references: Set<String> = []
        var operations: [String] = []
        func walk(_ value: JSON) {
            switch value {
            case .array(let values): values.forEach(walk)
            case .object(let members):
                for member in members {
                    if member.key == "$ref", let text = member.value.string {
                        references.insert(String(text.dropFirst("#/components/schemas/".count)))
                    }
                    if member.key == "operationId", let text = member.value.string { operations.append(text) }
                    walk(member.value)
                }
            default: break
            }
        }
        walk(document)
        #expect(references.isSubset(of: names), "\(references.subtracting(names))")
        #expect(Set(operations).count == operations.count)
    }

    @Test func `a job has every field of its schema, and no other`() async throws {
        let rig = try await SiteRig()
        let job = try await rig.add(#"{"callback_url":"/_sink/200","schedule":"@hourly"}"#)
        let document = await rig.send("GET", "/chronatogapi/1/openapi.json", as: "")
        let answer = await rig.send("GET", "/chronatogapi/1/jobs/\(job)")
        guard case .object(let fields) = document.json["components"]?["schemas"]?["Job"]?["properties"],
            case .object(let members) = answer.json
        else {
            Issue.record("no schema")
            return
        }
        #expect(Set(fields.map(\.key)) == Set(members.map(\.key)))
        #expect(Set(fields.map(\.key)) == Set(JobFields.request + JobFields.answer).subtracting(["auth"]))
        await rig.stop()
    }

    @Test func `health, figures, version and the page need no login and tell no secrets`() async throws {
        let rig = try await SiteRig()
        _ = try await rig.add(#"{"name":"<b>x","callback_url":"/_sink/200?hushed","schedule":"@hourly"}"#)
        try await rig.clock(#"{"advance":"1h"}"#)
        let health = await rig.send("GET", "/healthz", as: "")
        #expect(health.status == 200)
        #expect(health.json["status"]?.string == "ok")
        let metrics = await rig.send("GET", "/-/metrics", as: "")
        #expect(metrics.text.contains("\nchronatog_lateness_seconds_bucket{le=\"+Inf\"} 1\n"))
        #expect(metrics.text.contains("# TYPE chronatog_jobs gauge\nchronatog_jobs 1\n"))
        let page = await rig.send("GET", "/", as: "")
        #expect(page.text.contains("<td>1</td>"))
        #expect(
            !page.text.contains("hushed") && !page.text.contains("<b>x") && !page.text.contains(SiteRig.token)
        )
        #expect(await rig.send("GET", "/chronatogapi/1/version", as: "").json["version"]?.string == "1.2.3")
        await rig.stop()
        #expect(await rig.send("GET", "/healthz", as: "").status == 503)
        #expect(await rig.send("GET", "/chronatogapi/1/jobs").status == 503)
    }

    @Test func `the job's signing secret is shown to its owner`() async throws {
        let rig = try await SiteRig()
        let job = try await rig.add(#"{"callback_url":"/_sink/200","schedule":"@hourly"}"#)
        let login = SiteRig.basic("Udefault", "Pdefault")
        let secret = await rig.send("GET", "/chronatogapi/1/jobs/\(job)/secret", as: login)
        #expect(secret.json["secret"]?.string?.hasPrefix("whsec_") ?? false)
        #expect(secret["Cache-Control"] == "no-store")
        await rig.stop()
    }
}
