using Servers.Native;

await using var servers = await NativeServers.StartAsync(new NativeOptions(), CancellationToken.None);
Console.WriteLine(servers.Pair());
Console.ReadLine();
