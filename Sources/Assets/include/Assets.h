extern int chronatog_assets;
