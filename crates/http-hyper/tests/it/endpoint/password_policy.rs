//! `GET /_matrix/client/v3/password_policy`

use registrar_domain::model::password::strength::StrengthRules;
use serde_json::json;

use crate::server::TestServer;

#[tokio::test]
async fn the_rules_that_the_operator_set_are_told_to_everyone() {
    let all = StrengthRules {
        minimum_length: Some(15),
        require_digit: Some(true),
        require_symbol: Some(false),
        require_lowercase: Some(true),
        require_uppercase: Some(false),
    };
    let one = StrengthRules {
        minimum_length: Some(8),
        ..StrengthRules::default()
    };
    let rows = [
        (None, json!({})),
        (Some(StrengthRules::default()), json!({})),
        (Some(one), json!({"m.minimum_length": 8})),
        (
            Some(all),
            json!({
                "m.minimum_length": 15,
                "m.require_digit": true,
                "m.require_symbol": false,
                "m.require_lowercase": true,
                "m.require_uppercase": false,
            }),
        ),
    ];
    for (strength, expected) in rows {
        let server = TestServer::under(|it| it.password.strength = strength);
        for base in ["r0", "v3", "unstable"] {
            let path = format!("/_matrix/client/{base}/password_policy");
            server.get(&path).await.gives(200, &expected);
        }
    }
}
