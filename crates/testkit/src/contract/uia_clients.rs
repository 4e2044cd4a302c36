use super::uia::{given_session, session_id};
use super::{Outcome, read, write};
use registrar_domain::model::uia::UiaSession;
use registrar_domain::ports::store::Store;

pub(super) async fn clients_of_a_session_are_remembered_once(store: &dyn Store) -> Outcome {
    let id = given_session(store, "s", 1).await?;
    let other = given_session(store, "other", 1).await?;
    // Longer than what a B-tree takes as a key, and of characters that do not compress well.
    let letter = |n: u32| char::from_u32(0x20000 + (n * 7919) % 0xA000);
    let long: String = (0..5_000).filter_map(letter).collect();
    let clients = [
        ("192.0.2.1", "Elm"),
        ("192.0.2.1", ""),
        ("", "192.0.2.1"),
        ("::1", &long),
    ];
    let mut uow = write(store).await?;
    for (ip, user_agent) in clients.into_iter().chain(clients) {
        uow.uia_sessions()
            .record_client(&id, ip, user_agent)
            .await?;
    }
    uow.uia_sessions()
        .record_client(&other, "192.0.2.1", "Elm")
        .await?;
    uow.commit().await?;
    let mut reader = read(store).await?;
    let found = reader.uia_sessions().list_clients(&id).await?;
    let expected = clients.map(|(ip, user_agent)| (ip.to_owned(), user_agent.to_owned()));
    assert_eq!(found, expected);
    assert_eq!(reader.uia_sessions().list_clients(&other).await?.len(), 1);
    assert_eq!(
        reader
            .uia_sessions()
            .list_clients(&session_id("unknown"))
            .await?,
        []
    );
    Ok(())
}

pub(super) async fn the_first_and_the_last_clients_of_a_session_are_remembered(
    store: &dyn Store,
) -> Outcome {
    const MOST: usize = UiaSession::FIRST_CLIENTS + UiaSession::LAST_CLIENTS;
    let id = given_session(store, "s", 1).await?;
    let other = given_session(store, "other", 1).await?;
    let agent = |number: usize| format!("agent {number}");
    for number in 0..3 * MOST {
        let mut uow = write(store).await?;
        let sessions = uow.uia_sessions();
        sessions.record_client(&id, "::1", &agent(number)).await?;
        // Those that come back have been there already.
        sessions.record_client(&id, "::1", &agent(0)).await?;
        if number < MOST {
            sessions
                .record_client(&other, "::1", &agent(number))
                .await?;
        }
        uow.commit().await?;
        let found = read(store).await?.uia_sessions().list_clients(&id).await?;
        let found: Vec<_> = found.into_iter().map(|(_, agent)| agent).collect();
        let last = number + 1;
        let last = (last.saturating_sub(UiaSession::LAST_CLIENTS)..last)
            .filter(|number| *number >= UiaSession::FIRST_CLIENTS);
        let first = 0..UiaSession::FIRST_CLIENTS.min(number + 1);
        assert_eq!(found, first.chain(last).map(agent).collect::<Vec<_>>());
    }
    let found = read(store)
        .await?
        .uia_sessions()
        .list_clients(&other)
        .await?;
    assert_eq!(found.len(), MOST, "sessions do not share the bound");
    Ok(())
}
