using System.Net;
using System.Net.Sockets;
using Servers.Docker;
using Servers.Native;
using Servers.Running;

namespace Servers.Tests;

public sealed class RunCommandTests
{
    [Fact]
    public void A_port_that_is_taken_is_told_apart_from_one_that_only_root_may_have()
    {
        Assert.Equal("Port 80 of 127.0.0.1 is taken. Set PORT to another one: PORT=81 ./run", RunCommand.Refused(80, SocketError.AddressAlreadyInUse).Message);
        Assert.Equal(
            "Port 80 of 127.0.0.1 may be listened on by root alone. Set PORT to another one: PORT=8080 ./run",
            RunCommand.Refused(80, SocketError.AccessDenied).Message);
    }

    [Fact]
    public void Why_a_port_cannot_be_had_is_what_the_kernel_says()
    {
        var port = FreePorts.Find(1)[0];
        Assert.Null(FreePorts.Refusal(port));

        using var listener = new TcpListener(IPAddress.Loopback, port);
        listener.Start();

        Assert.Equal(SocketError.AddressAlreadyInUse, FreePorts.Refusal(port));
    }

    [Fact]
    public void The_help_says_where_the_data_is_kept_and_how_to_begin_afresh()
    {
        Assert.Contains($"rm -r {PrivateDirectory.Root}/run-*", RunCommand.Help, StringComparison.Ordinal);
        Assert.Equal(
            File.Exists(Path.Combine(RepositoryRoot.Path, "docker-compose.yml")),
            RunCommand.Help.Contains($"docker compose -p {ComposeProject.Kept} down --volumes", StringComparison.Ordinal));
    }
}
