pub struct FakeStore;
