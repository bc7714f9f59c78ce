namespace Servers.Tests;

public sealed class ServerRuleTests
{
    private const string Postgres = "Host=db.example;Username=me";
    private const string RabbitMq = "amqp://me:secret@mq.example";

    [Fact]
    public async Task Both_connection_strings_of_the_environment_come_first()
    {
        var choice = await DecideAsync(("ConnectionStrings__Postgres", Postgres), ("ConnectionStrings__RabbitMq", RabbitMq));

        Assert.Equal(ServerSource.Environment, choice.Source);
        Assert.Equal(Postgres, choice.Given!.Postgres);
        Assert.Equal(RabbitMq, choice.Given.RabbitMq);
    }

    [Fact]
    public async Task SERVERS_native_overrides_them()
    {
        var choice = await DecideAsync(
            ("SERVERS", "native"), ("ConnectionStrings__Postgres", Postgres), ("ConnectionStrings__RabbitMq", RabbitMq));

        Assert.Equal(ServerSource.Native, choice.Source);
    }

    [Theory]
    [InlineData("ConnectionStrings__Postgres", Postgres, "ConnectionStrings__RabbitMq is not")]
    [InlineData("ConnectionStrings__RabbitMq", RabbitMq, "ConnectionStrings__Postgres is not")]
    [InlineData("SERVERS", "podman", "must be \"docker\", \"native\" or unset")]
    public async Task Half_an_answer_and_an_unknown_one_are_refused(string name, string value, string says)
    {
        var refused = await Assert.ThrowsAsync<ServersException>(() => DecideAsync((name, value)));

        Assert.Contains(says, refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("postgres://db", RabbitMq, "ConnectionStrings__Postgres")]
    [InlineData(Postgres, "http://mq.example", "ConnectionStrings__RabbitMq")]
    [InlineData(Postgres, "amqp://me:secret@mq.example/a/b", "ConnectionStrings__RabbitMq")]
    public async Task A_connection_string_that_is_none_is_refused_by_name(string postgres, string rabbitMq, string name)
    {
        var refused = await Assert.ThrowsAsync<ServersException>(
            () => DecideAsync(("ConnectionStrings__Postgres", postgres), ("ConnectionStrings__RabbitMq", rabbitMq)));

        Assert.StartsWith(name, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", refused.Message, StringComparison.Ordinal);
    }

    private static Task<ServerChoice> DecideAsync(params (string Name, string Value)[] environment) => ServerRule.DecideAsync(
        name => environment.FirstOrDefault(variable => variable.Name == name).Value, CancellationToken.None);
}
